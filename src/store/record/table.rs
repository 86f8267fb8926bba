//! From TOML to structures and back: [`keys`] makes both of one list of keys. serde would make a text of every time
//! and read it again, and costs half as much as the parser (P9).

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::toml_trouble;

/// What stands after a `=`, or below a header, and where.
pub(super) type Node<'a> = Spanned<DeValue<'a>>;

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
    /// It cannot be this; the end of a sentence says why.
    Bad(Cow<'static, str>),
    /// A word that stands for a value, and not for one that this glauth knows: a newer one may have written it.
    Unknown,
}

impl Misfit {
    /// Something is wrong with a value, whose key the caller knows.
    pub(super) fn at(node: &Node<'_>, why: Why) -> Self {
        Self {
            span: Some(node.span()),
            key: None,
            why,
        }
    }

    /// A value that its key cannot have.
    pub(super) fn bad(node: &Node<'_>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::at(node, Why::Bad(problem.into()))
    }

    /// The innermost key of ours: below it may be names that others gave.
    fn of(self, key: &'static str) -> Self {
        Self {
            key: self.key.or(Some(key)),
            ..self
        }
    }
}

impl From<toml::de::Error> for Misfit {
    fn from(error: toml::de::Error) -> Self {
        let is_twice = toml_trouble::is_twice(&error);
        Self {
            span: error.span(),
            key: None,
            why: if is_twice { Why::Twice } else { Why::Kind },
        }
    }
}

/// A table of a text.
pub(super) struct Table<'t, 'a> {
    entries: &'t DeTable<'a>,
    span: Range<usize>,
    /// Where the next key is likely to stand: they are read in the order in which glauth writes them.
    next: Cell<usize>,
}

impl<'t, 'a> Table<'t, 'a> {
    /// The text as a whole.
    pub(super) fn whole(text: &'t Spanned<DeTable<'a>>) -> Self {
        Self {
            entries: text.get_ref(),
            span: text.span(),
            next: Cell::new(0),
        }
    }

    pub(super) fn of(node: &'t Node<'a>) -> Result<Self, Misfit> {
        match node.get_ref() {
            DeValue::Table(entries) => Ok(Self {
                entries,
                span: node.span(),
                next: Cell::new(0),
            }),
            _ => Err(Misfit::at(node, Why::Kind)),
        }
    }

    /// What a key holds; `None` where it is missing.
    pub(super) fn get<T: Value>(&self, key: &'static str) -> Result<Option<T>, Misfit> {
        self.get_as(key, T::from_toml)
    }

    /// The same, read in another way than its type's.
    pub(super) fn get_as<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Node<'_>) -> Result<T, Misfit>,
    ) -> Result<Option<T>, Misfit> {
        let value = self.node(key).map(read).transpose();
        value.map_err(|misfit| misfit.of(key))
    }

    /// As a map's `get`, for less: no hash, and one comparison where the key stands behind the one before (P9).
    fn node(&self, key: &'static str) -> Option<&'t Node<'a>> {
        let next = self.next.get();
        if let Some((name, node)) = self.entries.iter().nth(next)
            && name.get_ref() == key
        {
            self.next.set(next + 1);
            return Some(node);
        }
        for (place, (name, node)) in self.entries.iter().enumerate() {
            if name.get_ref() == key {
                self.next.set(place + 1);
                return Some(node);
            }
        }
        None
    }

    /// What a key holds that may not be missing.
    pub(super) fn need<T: Value>(&self, key: &'static str) -> Result<T, Misfit> {
        self.get(key)?.ok_or_else(|| self.missing(key))
    }

    /// That a key is missing.
    pub(super) fn missing(&self, key: &'static str) -> Misfit {
        Misfit {
            span: Some(self.span.clone()),
            key: Some(key),
            why: Why::Missing,
        }
    }

    /// That a key is missing in the table of that name, which may be missing itself.
    pub(super) fn missing_in(&self, name: &str, key: &'static str) -> Misfit {
        Misfit {
            span: self.tables(name).next().map(|table| table.span),
            key: Some(key),
            why: Why::Missing,
        }
    }

    /// That a key has a value that fits by itself, and not with the rest.
    pub(super) fn bad(&self, key: &'static str, problem: &'static str) -> Misfit {
        Misfit {
            span: self.entries.get(key).map(Spanned::span),
            key: Some(key),
            why: Why::Bad(problem.into()),
        }
    }

    /// The same of a key in the first table of that name that has it.
    pub(super) fn bad_in(&self, name: &str, key: &'static str, problem: &'static str) -> Misfit {
        let mut spans = self.tables(name).map(|table| table.bad(key, problem).span);
        Misfit {
            span: spans.find_map(|span| span),
            ..self.bad(key, problem)
        }
    }

    /// The tables under a key: one, several of an array, or none.
    pub(super) fn tables(&self, key: &str) -> impl Iterator<Item = Table<'t, 'a>> {
        let (one, several) = match self.entries.get(key) {
            Some(node) => match node.get_ref() {
                DeValue::Array(nodes) => (None, &nodes[..]),
                _ => (Some(node), &[][..]),
            },
            None => (None, &[][..]),
        };
        one.into_iter()
            .chain(several)
            .filter_map(|node| Table::of(node).ok())
    }
}

/// What a key can hold.
pub(super) trait Value: Sized {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit>;
    fn to_toml(&self) -> toml::Value;

    /// Writes it, where a reader would not take it for granted.
    fn write_unless_default(&self, table: &mut toml::Table, name: &'static str)
    where
        Self: Default + PartialEq,
    {
        if *self != Self::default() {
            self.write(table, name);
        }
    }
}

/// What a field of a structure is in its table: the key of the same name, or several keys.
pub(super) trait Field: Sized {
    /// The keys.
    fn keys(name: &'static str) -> Vec<&'static str> {
        vec![name]
    }

    fn read(table: &Table<'_, '_>, name: &'static str) -> Result<Self, Misfit>;
    fn write(&self, table: &mut toml::Table, name: &'static str);
}

impl<T: Value> Field for T {
    fn read(table: &Table<'_, '_>, name: &'static str) -> Result<Self, Misfit> {
        table.need(name)
    }

    fn write(&self, table: &mut toml::Table, name: &'static str) {
        table.insert(name.to_owned(), self.to_toml());
    }
}

/// A key that may be missing.
impl<T: Value> Field for Option<T> {
    fn read(table: &Table<'_, '_>, name: &'static str) -> Result<Self, Misfit> {
        table.get(name)
    }

    fn write(&self, table: &mut toml::Table, name: &'static str) {
        if let Some(value) = self {
            value.write(table, name);
        }
    }
}

/// A structure whose fields stand in one table.
pub(super) trait Keyed: Sized {
    fn all_keys() -> Vec<&'static str>;
    fn from_table(table: &Table<'_, '_>) -> Result<Self, Misfit>;
    fn to_table(&self) -> toml::Table;
}

/// The keys of a field, whose type the function tells.
pub(super) fn keys_of<S, F: Field>(_: impl Fn(&S) -> &F, name: &'static str) -> Vec<&'static str> {
    F::keys(name)
}

/// Reads and writes a structure, whose fields are called like their keys. One with `or default` is left out where it
/// has the value that it has by default; one that is `elsewhere` is in another table. `checked` looks at the whole.
macro_rules! keys {
    (
        $name:ident: $($field:ident $(or $default:ident)?),+
        $(; elsewhere: $elsewhere:ident)?
        $(; checked: $check:ident)?
    ) => {
        const _: () = {
            use $crate::store::record::table::{
                Field, Keyed, Misfit, Node, Table, Value, keys, keys_of,
            };

            impl Keyed for $name {
                fn all_keys() -> Vec<&'static str> {
                    let mut keys = Vec::new();
                    $(keys.extend(keys!(@keys $field $($default)?));)+
                    keys
                }

                fn from_table(table: &Table<'_, '_>) -> Result<Self, Misfit> {
                    let read = Self {
                        $($field: keys!(@read table $field $($default)?),)+
                        $($elsewhere: Default::default(),)?
                    };
                    $($check(&read, table)?;)?
                    Ok(read)
                }

                fn to_table(&self) -> toml::Table {
                    let mut table = toml::Table::new();
                    $(keys!(@write self table $field $($default)?);)+
                    table
                }
            }

            impl Value for $name {
                fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
                    Self::from_table(&Table::of(node)?)
                }

                fn to_toml(&self) -> toml::Value {
                    toml::Value::Table(self.to_table())
                }
            }
        };
    };
    (@keys $field:ident) => {
        keys_of(|it: &Self| &it.$field, stringify!($field))
    };
    (@keys $field:ident default) => {
        [stringify!($field)]
    };
    (@read $table:ident $field:ident) => {
        Field::read($table, stringify!($field))?
    };
    (@read $table:ident $field:ident default) => {
        $table.get(stringify!($field))?.unwrap_or_default()
    };
    (@write $self:ident $table:ident $field:ident) => {
        Field::write(&$self.$field, &mut $table, stringify!($field))
    };
    (@write $self:ident $table:ident $field:ident default) => {
        $self.$field.write_unless_default(&mut $table, stringify!($field))
    };
}
pub(super) use keys;
