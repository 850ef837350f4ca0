//! Keys sort as their bytes; ranges are what begins alike; everything comes back; nothing panics.

use fermata_storage::RowKey;
use fermata_storage::codec::{
    decode_key, decode_row, encode_key, encode_key_of, encode_prefix, encode_row,
};
use proptest::prelude::*;

use crate::strategies::{key, range, row};

fn key_bytes(key: &RowKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(key, &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn keys_sort_as_their_bytes(keys in prop::collection::vec(key(), 2..12)) {
        for left in &keys {
            for right in &keys {
                prop_assert_eq!(left.cmp(right), key_bytes(left).cmp(&key_bytes(right)));
            }
        }
    }

    #[test]
    fn ranges_are_the_keys_that_begin_with_their_prefix(
        range in range(), keys in prop::collection::vec(key(), 1..12)
    ) {
        let mut prefix = Vec::new();
        encode_prefix(&range, &mut prefix);
        prop_assert!(range.contains(&range.lowest()));
        prop_assert!(key_bytes(&range.lowest()).starts_with(&prefix));
        for key in keys {
            prop_assert_eq!(range.contains(&key), key_bytes(&key).starts_with(&prefix));
            prop_assert!(!range.contains(&key) || key >= range.lowest());
        }
    }

    #[test]
    fn rows_come_back(row in row()) {
        let key = key_bytes(&row.key());
        prop_assert_eq!(decode_key(&key), Ok(row.key()));
        let mut of_row = Vec::new();
        encode_key_of(&row, &mut of_row);
        prop_assert_eq!(&of_row, &key);
        prop_assert_eq!(row.family(), row.key().family());
        let mut value = Vec::new();
        encode_row(&row, &mut value);
        prop_assert_eq!(decode_row(&key, &value), Ok(row));
    }

    #[test]
    fn cut_and_longer_bytes_are_refused(row in row(), cut in any::<prop::sample::Index>()) {
        let mut key = key_bytes(&row.key());
        let mut value = Vec::new();
        encode_row(&row, &mut value);
        let cut_key = key.get(..cut.index(key.len())).expect("an index below the length");
        prop_assert!(decode_key(cut_key).is_err());
        let cut_value = value.get(..cut.index(value.len())).expect("an index below the length");
        prop_assert!(decode_row(&key, cut_value).is_err());
        value.push(0);
        prop_assert!(decode_row(&key, &value).is_err());
        key.push(0);
        prop_assert!(decode_key(&key).is_err());
    }

    #[test]
    fn no_bytes_panic(
        family in 0u8..16, bytes in prop::collection::vec(any::<u8>(), 0..60), row in row()
    ) {
        let mut key = vec![family];
        key.extend(&bytes);
        let _ = decode_key(&key);
        let _ = decode_key(&bytes);
        let mut value = vec![1];
        value.extend(&bytes);
        let _ = decode_row(&key_bytes(&row.key()), &value);
        let _ = decode_row(&key, &value);
    }

    #[test]
    fn keys_of_damaged_bytes_encode_to_those_bytes(
        row in row(), at in any::<prop::sample::Index>(), flip in 1u8..
    ) {
        let mut bytes = key_bytes(&row.key());
        let at = at.index(bytes.len());
        *bytes.get_mut(at).expect("an index below the length") ^= flip;
        if let Ok(key) = decode_key(&bytes) {
            prop_assert_eq!(key_bytes(&key), bytes, "a key has one encoding only");
        }
    }
}
