//! From TOML to the structures of `wire.rs`, field by field. serde would make a text of every time and
//! read it again, and costs half as much as the parser (P9).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::toml_trouble;

/// What does not fit, and where.
pub(super) struct Misfit {
    pub span: Option<Range<usize>>,
    /// The key that it is about, where the parser is through.
    pub key: Option<&'static str>,
    pub why: Why,
}

/// Why something does not fit.
pub(super) enum Why {
    /// It is not TOML, or of another kind.
    Kind,
    /// This key or table is there already.
    Twice,
    /// The table lacks it.
    Missing,
}

impl Misfit {
    pub(super) fn kind<T>(span: Range<usize>) -> Result<T, Self> {
        Err(Self {
            span: Some(span),
            key: None,
            why: Why::Kind,
        })
    }

    /// The innermost key of ours: below it may be names that others gave.
    pub(super) fn of(self, key: &'static str) -> Self {
        Self {
            key: self.key.or(Some(key)),
            ..self
        }
    }
}

/// What can stand after a `=`, or below a header.
pub(super) trait Field<'a>: Sized {
    fn read(value: Spanned<DeValue<'a>>) -> Result<Self, Misfit>;

    /// What a missing key means; `None`: it may not be missing.
    fn absent() -> Option<Self> {
        None
    }
}

/// The whole of a text.
pub(super) fn read<'a, T: Field<'a>>(text: &'a str) -> Result<T, Misfit> {
    let table = DeTable::parse(text).map_err(|error| Misfit {
        span: error.span(),
        key: None,
        why: if toml_trouble::is_twice(&error) {
            Why::Twice
        } else {
            Why::Kind
        },
    })?;
    T::read(Spanned::new(
        table.span(),
        DeValue::Table(table.into_inner()),
    ))
}

/// The value of a field.
pub(super) fn under<'a, T: Field<'a>>(
    key: &'static str,
    value: Spanned<DeValue<'a>>,
) -> Result<T, Misfit> {
    T::read(value).map_err(|misfit| misfit.of(key))
}

/// A field that was looked for in the table at `span`.
pub(super) fn present<'a, T: Field<'a>>(
    found: Option<T>,
    key: &'static str,
    span: &Range<usize>,
) -> Result<T, Misfit> {
    found.or_else(T::absent).ok_or_else(|| Misfit {
        span: Some(span.clone()),
        key: Some(key),
        why: Why::Missing,
    })
}

impl<'a, T: Field<'a>> Field<'a> for Option<T> {
    fn read(value: Spanned<DeValue<'a>>) -> Result<Self, Misfit> {
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<'a, T: Field<'a>> Field<'a> for Vec<T> {
    fn read(value: Spanned<DeValue<'a>>) -> Result<Self, Misfit> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items.into_iter().map(T::read).collect(),
            _ => Misfit::kind(span),
        }
    }
}

impl<'a> Field<'a> for BTreeMap<Cow<'a, str>, Cow<'a, str>> {
    fn read(value: Spanned<DeValue<'a>>) -> Result<Self, Misfit> {
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            return Misfit::kind(span);
        };
        let pairs = table.into_iter();
        pairs
            .map(|(key, value)| Ok((key.into_inner(), Field::read(value)?)))
            .collect()
    }
}

impl<'a> Field<'a> for Cow<'a, str> {
    fn read(value: Spanned<DeValue<'a>>) -> Result<Self, Misfit> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Ok(text),
            _ => Misfit::kind(span),
        }
    }
}

impl Field<'_> for Datetime {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, Misfit> {
        match value.get_ref() {
            DeValue::Datetime(at) => Ok(*at),
            _ => Misfit::kind(value.span()),
        }
    }
}

impl Field<'_> for bool {
    fn read(value: Spanned<DeValue<'_>>) -> Result<Self, Misfit> {
        match value.get_ref() {
            DeValue::Boolean(truth) => Ok(*truth),
            _ => Misfit::kind(value.span()),
        }
    }
}

macro_rules! integers {
    ($($integer:ty)+) => {
        $(impl Field<'_> for $integer {
            fn read(value: Spanned<DeValue<'_>>) -> Result<Self, Misfit> {
                let number = match value.get_ref() {
                    DeValue::Integer(number) => {
                        Self::from_str_radix(number.as_str(), number.radix()).ok()
                    }
                    _ => None,
                };
                number.map_or_else(|| Misfit::kind(value.span()), Ok)
            }
        })+
    };
}
integers!(i64 u64);

/// Reads a structure from a table with keys of the same names.
macro_rules! fields {
    ($name:ident: $($key:ident),+ $(; or default: $($default:ident),+)?) => {
        impl $name<'_> {
            pub(super) const KEYS: &'static [&'static str] =
                &[$(stringify!($key),)+ $($(stringify!($default),)+)?];
        }

        impl<'a> $crate::store::record::fields::Field<'a> for $name<'a> {
            fn read(
                value: toml::Spanned<toml::de::DeValue<'a>>,
            ) -> Result<Self, $crate::store::record::fields::Misfit> {
                use $crate::store::record::fields::{Misfit, present, under};

                let span = value.span();
                let toml::de::DeValue::Table(table) = value.into_inner() else {
                    return Misfit::kind(span);
                };
                $(let mut $key = None;)+
                $($(let mut $default = None;)+)?
                for (key, value) in table {
                    match &**key.get_ref() {
                        $(stringify!($key) => $key = Some(under(stringify!($key), value)?),)+
                        $($(stringify!($default) => {
                            $default = Some(under(stringify!($default), value)?);
                        })+)?
                        _ => {}
                    }
                }
                Ok(Self {
                    $($key: present($key, stringify!($key), &span)?,)+
                    $($($default: $default.unwrap_or_default(),)+)?
                })
            }
        }
    };
}
pub(super) use fields;
