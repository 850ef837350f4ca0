//! The identity file: it is there exactly if the store is, and names it.
//!
//! ```text
//! 0   8  "FERMATA\n"
//! 8   4  format version
//! 12  16 store id
//! 28  4  crc32c of bytes 0 to 27
//! ```

use std::io;
use std::path::Path;

use super::OpenError;
use super::segment::FORMAT_VERSION;
use crate::file::FileLayer;

/// Sixteen bytes that tell one store's frames from any other's. Should be random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreId(pub [u8; 16]);

/// Name of the identity file.
pub(super) const NAME: &str = "store.id";
/// Name it is written under first.
const NEW_NAME: &str = "store.id.new";
const MAGIC: [u8; 8] = *b"FERMATA\n";
const LENGTH: usize = 32;

/// Reads the identity; `None` if there is no store yet.
pub(crate) fn read(files: &dyn FileLayer, dir: &Path) -> Result<Option<StoreId>, OpenError> {
    let path = dir.join(NAME);
    let file = match files.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io("open", &path)(error)),
    };
    let length = file.length().map_err(OpenError::io("measure", &path))?;
    let mut bytes = [0; LENGTH];
    if length != LENGTH as u64 {
        return Err(OpenError::corrupt(&path, 0, "not the length of an identity"));
    }
    file.read_at(0, &mut bytes).map_err(OpenError::io("read", &path))?;
    decode(&path, &bytes).map(Some)
}

fn decode(path: &Path, bytes: &[u8; LENGTH]) -> Result<StoreId, OpenError> {
    let wrong = || OpenError::corrupt(path, 0, "not an identity");
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (id, crc) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
    let covered = bytes.get(..LENGTH - crc.len()).ok_or_else(wrong)?;
    if *magic != MAGIC || crc != crc32c::crc32c(covered).to_be_bytes() {
        return Err(wrong());
    }
    let version = u32::from_be_bytes(*version);
    if version != FORMAT_VERSION {
        return Err(OpenError::UnknownVersion { file: path.to_owned(), version });
    }
    Ok(StoreId(*id))
}

/// Writes the identity so that it is there whole or not at all. To be called when everything
/// else of a new store has been synced, names included.
pub(super) fn write(files: &dyn FileLayer, dir: &Path, id: StoreId) -> Result<(), OpenError> {
    let (new, path) = (dir.join(NEW_NAME), dir.join(NAME));
    match files.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(OpenError::io("remove", &new)(error));
        }
        _ => {}
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT_VERSION.to_be_bytes());
    bytes.extend(id.0);
    bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
    let file = files.create(&new).map_err(OpenError::io("create", &new))?;
    file.write_at(0, &bytes).map_err(OpenError::io("write", &new))?;
    file.sync_all().map_err(OpenError::io("sync", &new))?;
    files.rename(&new, &path).map_err(OpenError::io("rename", &new))?;
    files.sync_dir(dir).map_err(OpenError::io("sync", dir))
}
