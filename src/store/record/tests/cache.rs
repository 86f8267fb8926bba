//! The caches of a shared store.

use super::*;
use crate::store::record::Reservation;
use crate::time::Timestamp;

/// A note in which nothing is missing.
pub(super) fn note() -> CacheNote {
    let at = |seconds: i64| {
        Some(Timestamp::from_unix_millis(
            1_900_000_000_000 + seconds * 1000,
        ))
    };
    CacheNote {
        login: "0f1e2d3c".to_owned(),
        sequence: 12,
        seen: 7,
        begun: at(0),
        database: Some("7301/00000001".to_owned()),
        has_standby: true,
        undelivered: true,
        deliver_at: at(4),
        reservation: Some(Reservation {
            attempt: "4b5a6978".to_owned(),
            unsent: true,
            boot: 1,
            lock: 2,
        }),
        elsewhere_until: at(1),
        elsewhere_by: Some("pid 7 on runner-2".to_owned()),
        asked_at: at(2),
        away_until: at(3),
        away_because: Some("connection refused".to_owned()),
    }
}

#[test]
fn a_cache_is_read_as_it_was_written_and_has_no_refresh_token() {
    for example in [OAUTH, TOKEN, MACHINE, LOGGED_OUT] {
        let full = read(example);
        let text = render_cache(&full, &note()).unwrap();
        for token in full.refresh_tokens.iter().flatten() {
            assert!(!text.contains(token.expose()), "{}", *text);
        }
        let cached = parse_whole(&text, &id_in(example), Format::Cache).unwrap();
        assert_eq!(cached.record, full.record);
        assert_eq!(cached.cache, Some(note()));
        assert!(is_ahead(&text));
        let delivered = CacheNote {
            undelivered: false,
            ..note()
        };
        assert!(!is_ahead(&render_cache(&full, &delivered).unwrap()));
        assert!(cached.refresh_tokens.iter().all(Option::is_none));
        // A folder that is taken for a store of its own refreshes nothing.
        assert!(matches!(
            parse_whole(&text, &id_in(example), Format::Record),
            Err(Problem::Corrupt { .. })
        ));
        assert!(matches!(
            parse_whole(example, &id_in(example), Format::Cache),
            Err(Problem::Corrupt { .. })
        ));
    }
}

#[test]
fn the_document_of_the_format_has_every_key_of_a_cache_and_of_a_move() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");
    let document = std::fs::read_to_string(document).unwrap();
    let text = render_cache(&read(OAUTH), &note()).unwrap();
    let cache: toml::Table = text.parse().unwrap();
    let shared = cache["shared"].as_table().unwrap();
    let reservation = shared["reservation"].as_table().unwrap();
    let of_a_move = [
        "moving_to_store",
        "arriving_from_store",
        "move",
        "move_over",
    ];
    let keys = shared.keys().chain(reservation.keys()).map(String::as_str);
    for key in keys.chain(of_a_move).filter(|key| *key != "reservation") {
        let is_there = |line: &str| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(" = "))
        };
        assert!(document.lines().any(is_there), "{key}");
    }
}
