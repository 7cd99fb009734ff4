//! What serde knows of a type.

use std::collections::BTreeSet;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The names of a struct's fields.
pub(crate) fn fields<T: DeserializeOwned>() -> BTreeSet<&'static str> {
    let mut fields = &[][..];
    // Never a value: the names are all that is asked for.
    drop(T::deserialize(Fields(&mut fields)));
    fields.iter().copied().collect()
}

/// Remembers which fields it was asked for.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The names of an enum's variants, from the complaint about a value that names another one.
pub(crate) fn variants<T: DeserializeOwned>(other: Value) -> BTreeSet<String> {
    let complaint = serde_json::from_value::<T>(other).err().expect("no such variant").to_string();
    let (_, known) = complaint.split_once("expected ").expect("the variants");
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
