//! The order of names for people.

use std::cmp::Ordering;

use super::host::Host;
use super::record::AccountName;

macro_rules! in_natural_order {
    ($($name:ident),*) => {$(
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                natural_order(self.as_str(), other.as_str())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )*};
}

in_natural_order!(Host, AccountName);

/// Digits that stand together are one number: `a2` comes before `a10`, and `10.0.0.9` before `10.0.0.10`.
fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    while let ([first, ..], [second, ..]) = (left, right) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (a, b) = (number(&mut left), number(&mut right));
            a.len().cmp(&b.len()).then(a.cmp(b))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            first.cmp(second)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // Only names that are the same are equal.
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// Takes the number that a text begins with, without the zeros before it.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let ordered = [
            "",
            "10.0.0.9",
            "10.0.0.10",
            "a",
            "a0",
            "a00",
            "a02",
            "a2",
            "a2b",
            "a10",
            "a10b",
            "b",
            "b1.9",
            "b1.10",
        ];
        for (place, one) in ordered.iter().enumerate() {
            for (other_place, other) in ordered.iter().enumerate() {
                let expected = place.cmp(&other_place);
                assert_eq!(natural_order(one, other), expected, "{one} {other}");
            }
        }
    }
}
