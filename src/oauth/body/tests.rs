use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

const ANSWER: &str = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":7200}"#;

/// gzip, zlib and raw deflate, as of a server that compresses.
fn packed(bytes: &[u8]) -> [Vec<u8>; 3] {
    let best = Compression::best();
    let mut gzip = GzEncoder::new(Vec::new(), best);
    let mut zlib = ZlibEncoder::new(Vec::new(), best);
    let mut raw = DeflateEncoder::new(Vec::new(), best);
    let all: [&mut dyn Write; 3] = [&mut gzip, &mut zlib, &mut raw];
    for encoder in all {
        encoder.write_all(bytes).unwrap();
    }
    [gzip.finish(), zlib.finish(), raw.finish()].map(Result::unwrap)
}

#[track_caller]
fn holds_the_answer(bytes: &[u8]) {
    let object = object_of(bytes).unwrap_or_else(|| panic!("nothing in {bytes:?}"));
    assert_eq!(object["access_token"], "at-1");
}

#[track_caller]
fn holds_nothing(bytes: &[u8]) {
    assert!(object_of(bytes).is_none(), "{bytes:?}");
}

fn utf16(mark: [u8; 2], bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = ANSWER.encode_utf16().flat_map(bytes_of);
    mark.into_iter().chain(text).collect()
}

#[test]
fn what_servers_put_around_an_object_does_not_count() {
    for (before, behind) in [
        ("", ""),
        ("\u{feff}", ""),
        (" \t\r\n", "\r\n\r\n"),
        ("\0\0", "\0\0\0"),
        (")]}',\n", "\n"),
        (")]}'\n", ""),
        ("\u{feff})]}',\r\n \u{feff}", " \0\n"),
        ("while(1);", ""),
        ("for(;;); ", ""),
        ("\u{a0}\u{2028}", "\u{3000}"),
    ] {
        let text = format!("{before}{ANSWER}{behind}");
        holds_the_answer(text.as_bytes());
        for packed in packed(text.as_bytes()) {
            holds_the_answer(&packed);
        }
    }
    holds_the_answer(&utf16([0xff, 0xfe], u16::to_le_bytes));
    holds_the_answer(&utf16([0xfe, 0xff], u16::to_be_bytes));
}

#[test]
fn an_answer_that_was_compressed_twice_is_read_and_one_more_often_is_not() {
    for once in packed(ANSWER.as_bytes()) {
        for twice in packed(&once) {
            holds_the_answer(&twice);
            holds_nothing(&packed(&twice)[0]);
        }
    }
}

/// RFC 8259 has a grammar that is wider than what programs can hold.
#[test]
fn a_value_that_cannot_be_read_does_not_cost_the_tokens_beside_it() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for value in [r#""\ud83d""#, "1e999", &*deep] {
        holds_the_answer(format!(r#"{{"x":{value},"access_token":"at-1"}}"#).as_bytes());
    }
    // What is no JSON is none.
    holds_nothing(br#"{"x":NaN,"access_token":"at-1"}"#);
}

#[test]
fn bytes_that_are_no_text_do_not_cost_the_tokens_beside_them() {
    holds_the_answer(b"{\"name\":\"J\xf6rg\",\"access_token\":\"at-1\"}");
}

#[test]
fn an_object_inside_something_else_is_not_looked_for() {
    for text in [
        format!("<!doctype html><pre>{ANSWER}</pre>"),
        format!("<script>{ANSWER}</script>"),
        format!("{ANSWER}<!-- cached -->"),
        format!("{ANSWER}{ANSWER}"),
        format!("{ANSWER},"),
        format!("[{ANSWER}]"),
        format!("callback({ANSWER})"),
        format!("Warning: no index on line 3\n{ANSWER}"),
        format!(")]}}',)]}}',{ANSWER}"),
        ANSWER[..ANSWER.len() - 1].to_owned(),
        "\"text\"".to_owned(),
        String::new(),
    ] {
        holds_nothing(text.as_bytes());
        for packed in packed(text.as_bytes()) {
            holds_nothing(&packed);
        }
    }
}

#[test]
fn a_stream_that_breaks_off_behind_the_object_has_given_it() {
    let [gzip, zlib, raw] = packed(ANSWER.as_bytes());
    // Eight bytes of checksum and length, and four.
    for cut in 0..=8 {
        holds_the_answer(&gzip[..gzip.len() - cut]);
    }
    for cut in 0..=4 {
        holds_the_answer(&zlib[..zlib.len() - cut]);
    }
    holds_the_answer(&raw);
    holds_the_answer(&[&gzip[..], b"\0\0 trailing"].concat());
    for packed in [gzip, zlib, raw] {
        holds_nothing(&packed[..packed.len() / 2]);
    }
}

#[test]
fn a_checksum_that_is_wrong_does_not_cost_the_only_copy() {
    let [mut gzip, ..] = packed(ANSWER.as_bytes());
    let last = gzip.len() - 6;
    gzip[last] ^= 1;
    holds_the_answer(&gzip);
}

#[test]
fn gzip_in_several_members_is_one_answer() {
    let (first, second) = ANSWER.split_at(20);
    let [first, ..] = packed(first.as_bytes());
    let [second, ..] = packed(second.as_bytes());
    holds_the_answer(&[first, second].concat());
}

#[test]
fn a_bomb_is_refused_at_the_limit() {
    let padded = |length: usize| {
        let text = format!("{ANSWER}{}", " ".repeat(length - ANSWER.len()));
        packed(text.as_bytes())
    };
    for bytes in padded(ANSWER_LIMIT) {
        assert!(bytes.len() < ANSWER_LIMIT / 100);
        holds_the_answer(&bytes);
    }
    for length in [ANSWER_LIMIT + 1, 50 * ANSWER_LIMIT] {
        for bytes in padded(length) {
            holds_nothing(&bytes);
        }
    }
}

#[test]
fn what_is_compressed_otherwise_is_nothing() {
    // brotli of `{}`
    holds_nothing(&[0x0b, 0x00, 0x80, 0x7b, 0x7d, 0x03]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        object_of(&bytes);
        for packed in packed(&bytes) {
            object_of(&packed);
        }
    }
}
