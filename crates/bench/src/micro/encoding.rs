//! Events as rows, and rows as bytes.

use std::hint::black_box;

use fermata_runtime::codec::{decode, encode};
use fermata_storage::Row;
use fermata_storage::codec::{decode_row, encode_key_of, encode_row};
use fermata_types::EventNumber;

use super::Work;
use super::decider::life;
use super::stub::run_id;

pub(super) fn encode_life() -> Work {
    let (_, events) = life();
    let mut bytes = Vec::new();
    Box::new(move || {
        bytes.clear();
        let (row, outside) = encode(run_id(1), EventNumber(1), black_box(&events).clone());
        put(&Row::History(row), &mut bytes);
        for row in outside {
            put(&Row::Payload(row), &mut bytes);
        }
        bytes.len() as u64
    })
}

fn put(row: &Row, bytes: &mut Vec<u8>) {
    encode_key_of(row, bytes);
    encode_row(row, bytes);
}

pub(super) fn decode_life() -> Work {
    let (_, events) = life();
    let (row, _) = encode(run_id(1), EventNumber(1), events);
    let row = Row::History(row);
    let (mut key, mut value) = (Vec::new(), Vec::new());
    encode_key_of(&row, &mut key);
    encode_row(&row, &mut value);
    Box::new(move || match decode_row(black_box(&key), black_box(&value)) {
        Ok(Row::History(row)) => decode(&row).map_or(0, |events| events.len() as u64),
        _ => 0,
    })
}
