//! Stored bytes of every family, kept for ever: they decode, and encode to the same bytes.
//!
//! A file is three lines: the key in hex, the row in hex, the row as it printed once, for the
//! reader only. A version is never changed or removed; a new version adds files.

use std::fs;
use std::path::PathBuf;

use fermata_storage::codec::{decode_row, encode_key, encode_row};
use fermata_storage::conformance::sample_row;
use fermata_storage::{Family, Row};

fn path(family: Family) -> PathBuf {
    let name = format!("{:02}-{family:?}-v1.txt", family.ordinal()).to_lowercase();
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/rows").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).expect("two hex digits")
        })
        .collect()
}

fn encode(row: &Row) -> (Vec<u8>, Vec<u8>) {
    let (mut key, mut value) = (Vec::new(), Vec::new());
    encode_key(&row.key(), &mut key);
    encode_row(row, &mut value);
    (key, value)
}

#[test]
fn every_family_keeps_its_bytes() {
    for family in Family::ALL {
        let row = sample_row(family, 5, 210);
        let (key, value) = encode(&row);
        let path = path(family);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let stored: Vec<&str> = text.lines().take(2).collect();
        assert_eq!(stored, [hex(&key), hex(&value)], "{}: {row:?}", path.display());
    }
}

#[test]
fn stored_bytes_decode_and_encode_the_same() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/rows");
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let mut lines = text.lines();
        let key = unhex(lines.next().expect("the key's line"));
        let value = unhex(lines.next().expect("the row's line"));
        let row = decode_row(&key, &value).expect("stored rows stay readable");
        assert_eq!(encode(&row), (key, value), "{}", path.display());
        files += 1;
    }
    assert!(files >= Family::ALL.len(), "every family has a file");
}
