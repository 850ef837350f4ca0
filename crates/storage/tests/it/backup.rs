//! Backups come back row by row, and nothing damaged is taken for one.

use fermata_storage::backup::{BackupError, BackupReader, BackupWriter};
use fermata_storage::conformance::samples;
use fermata_storage::{Family, Row};
use fermata_types::Position;

fn sorted() -> Vec<Row> {
    let mut rows = samples();
    rows.sort_by_key(Row::key);
    rows
}

fn written(rows: &[Row]) -> Vec<u8> {
    let mut backup = BackupWriter::begin(Vec::new(), Position(7)).expect("memory");
    for row in rows {
        backup.put(row).expect("memory");
    }
    let (count, bytes) = backup.finish().expect("memory");
    assert_eq!(count, rows.len() as u64);
    bytes
}

fn read(bytes: &[u8]) -> Result<(Position, Vec<Row>), BackupError> {
    let reader = BackupReader::begin(bytes)?;
    let position = reader.position();
    Ok((position, reader.collect::<Result<_, _>>()?))
}

#[test]
fn rows_come_back() {
    for rows in [Vec::new(), sorted()] {
        let (position, found) = read(&written(&rows)).expect("whole");
        assert_eq!((position, found), (Position(7), rows));
    }
}

#[test]
fn many_blocks_come_back() {
    let rows: Vec<Row> = std::iter::repeat_n(sorted(), 80).flatten().collect();
    let bytes = written(&rows);
    assert!(bytes.len() > 2 * fermata_storage::backup::BLOCK_BYTES, "{}", bytes.len());
    assert_eq!(read(&bytes).expect("whole").1.len(), rows.len());
}

#[test]
fn any_cut_any_flipped_byte_and_anything_added_is_seen() {
    let rows: Vec<Row> = sorted().into_iter().take(9).collect();
    let whole = written(&rows);
    for length in 0..whole.len() {
        assert!(read(whole.get(..length).expect("inside")).is_err(), "cut at {length}");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        *damaged.get_mut(at).expect("inside") ^= 0x10;
        assert!(read(&damaged).is_err(), "byte {at}");
    }
    let mut longer = whole;
    longer.push(0);
    assert!(read(&longer).is_err());
}

#[test]
fn an_old_backup_stays_readable() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/backup/format-1.hex");
    let rows = sorted().into_iter().filter(|row| row.family() == Family::Message);
    let rows: Vec<Row> = rows.take(3).collect();
    let hex: String = written(&rows).iter().map(|byte| format!("{byte:02x}")).collect();
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(golden.trim(), hex, "{path}");
    let bytes: Vec<u8> = (0..golden.trim().len() / 2)
        .map(|at| u8::from_str_radix(&golden[at * 2..at * 2 + 2], 16).expect("two hex digits"))
        .collect();
    assert_eq!(read(&bytes).expect("whole").1, rows);
}
