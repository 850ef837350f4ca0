//! Order-preserving fields of keys: big-endian numbers, signs flipped, texts terminated.

use fermata_types::{RunId, ShardId, TaskId, TaskNumber, Timestamp};

use super::CodecError;

/// Stands for a zero byte inside a text, after the zero itself. No UTF-8 text has this byte.
const ESCAPED_ZERO: u8 = 0xff;
/// Ends a text, after a zero: lower than anything that can go on after one.
const END: u8 = 0x00;
/// Bytes of an id that hold its task counter, at its end.
const COUNTER_BYTES: usize = 4;

/// Appends fields of a key to a buffer.
pub(crate) struct KeyWriter<'a>(pub(crate) &'a mut Vec<u8>);

impl KeyWriter<'_> {
    pub(crate) fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.fixed(&[value])
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    pub(crate) fn i32(&mut self, value: i32) -> &mut Self {
        self.u32(value.cast_unsigned() ^ (1 << 31))
    }

    pub(crate) fn timestamp(&mut self, value: Timestamp) -> &mut Self {
        self.u64(value.as_ms().cast_unsigned() ^ (1 << 63))
    }

    pub(crate) fn shard(&mut self, value: ShardId) -> &mut Self {
        self.u16(value.0)
    }

    pub(crate) fn run(&mut self, value: RunId) -> &mut Self {
        self.fixed(&value.to_bytes())
    }

    /// The part of a run's id that all its tasks share.
    pub(crate) fn run_of_tasks(&mut self, value: RunId) -> &mut Self {
        let bytes = value.to_bytes();
        let shared = bytes.len() - COUNTER_BYTES;
        self.fixed(bytes.get(..shared).expect("an id is longer than its counter"))
    }

    pub(crate) fn task(&mut self, value: TaskId) -> &mut Self {
        self.run_of_tasks(value.run()).u32(value.number().0)
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        for byte in value.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(ESCAPED_ZERO);
            }
        }
        self.fixed(&[0, END])
    }
}

/// Takes fields of a key from bytes.
pub(crate) struct KeyReader<'a>(&'a [u8]);

impl<'a> KeyReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// To be called after the last field.
    pub(crate) const fn finish(self) -> Result<(), CodecError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodecError::TooLong(self.0.len())) }
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(CodecError::TooShort)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(u8::from_be_bytes(self.fixed()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_be_bytes(self.fixed()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_be_bytes(self.fixed()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, CodecError> {
        Ok((self.u32()? ^ (1 << 31)).cast_signed())
    }

    pub(crate) fn timestamp(&mut self) -> Result<Timestamp, CodecError> {
        Ok(Timestamp::from_ms((self.u64()? ^ (1 << 63)).cast_signed()))
    }

    pub(crate) fn shard(&mut self) -> Result<ShardId, CodecError> {
        Ok(ShardId(self.u16()?))
    }

    pub(crate) fn run(&mut self) -> Result<RunId, CodecError> {
        RunId::from_bytes(self.fixed()?).map_err(|_| CodecError::Malformed("not a run's id"))
    }

    pub(crate) fn task(&mut self) -> Result<TaskId, CodecError> {
        let mut id = [0; 16];
        let shared: [u8; 16 - COUNTER_BYTES] = self.fixed()?;
        for (byte, from) in id.iter_mut().zip(shared) {
            *byte = from;
        }
        let run = RunId::from_bytes(id).map_err(|_| CodecError::Malformed("not a task's id"))?;
        Ok(run.task(TaskNumber(self.u32()?)))
    }

    pub(crate) fn text(&mut self) -> Result<String, CodecError> {
        let mut text = Vec::new();
        loop {
            match self.u8()? {
                0 => match self.u8()? {
                    END => break,
                    ESCAPED_ZERO => text.push(0),
                    _ => return Err(CodecError::Malformed("a zero byte that is not escaped")),
                },
                byte => text.push(byte),
            }
        }
        String::from_utf8(text).map_err(|_| CodecError::Malformed("not UTF-8"))
    }
}
