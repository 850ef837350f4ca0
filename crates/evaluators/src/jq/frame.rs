//! What goes over the pipes between a server and its child: lengths before bytes, numbers with
//! the highest byte first. Both ends are the same binary, so there are no versions.

use std::io::{self, Read, Write};

use crate::jq::limits::{INPUT_MAX, JqLimits, QUERY_MAX};
use crate::limits::RESULT_MAX;

/// What a child may use, said once when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hello {
    /// Bytes of address space it may add.
    pub(super) memory: u64,
    /// Bytes of results.
    pub(super) result: u64,
}

impl Hello {
    pub(super) fn of(limits: &JqLimits) -> Self {
        Self { memory: limits.memory, result: limits.result as u64 }
    }

    pub(super) fn write(self, pipe: &mut impl Write) -> io::Result<()> {
        pipe.write_all(&self.memory.to_be_bytes())?;
        pipe.write_all(&self.result.to_be_bytes())?;
        pipe.flush()
    }

    pub(super) fn read(pipe: &mut impl Read) -> io::Result<Self> {
        Ok(Self { memory: number(pipe)?, result: number(pipe)? })
    }
}

/// A query for a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask<Q, I> {
    /// The query.
    pub(super) query: Q,
    /// Its input, JSON.
    pub(super) input: I,
    /// Milliseconds since 1970.
    pub(super) now_ms: i64,
}

impl<Q: AsRef<str>, I: AsRef<[u8]>> Ask<Q, I> {
    pub(super) fn write(&self, pipe: &mut impl Write) -> io::Result<()> {
        let (query, input) = (self.query.as_ref().as_bytes(), self.input.as_ref());
        pipe.write_all(&self.now_ms.to_be_bytes())?;
        pipe.write_all(&(query.len() as u64).to_be_bytes())?;
        pipe.write_all(&(input.len() as u64).to_be_bytes())?;
        pipe.write_all(query)?;
        pipe.write_all(input)?;
        pipe.flush()
    }
}

impl Ask<String, Vec<u8>> {
    /// The next query; none when the pipe has ended.
    pub(super) fn read(pipe: &mut impl Read) -> io::Result<Option<Self>> {
        let now = match number(pipe) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        };
        let now_ms = i64::from_be_bytes(now.to_be_bytes());
        let (query, input) = (number(pipe)?, number(pipe)?);
        let query = String::from_utf8(bytes(pipe, query, QUERY_MAX)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Some(Self { query, input: bytes(pipe, input, INPUT_MAX)?, now_ms }))
    }
}

/// A child's answer: the JSON array of all results, or why there is none.
pub(super) type Answer = Result<Vec<u8>, String>;

/// Writes an answer.
pub(super) fn write_answer(pipe: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (tag, bytes) = match answer {
        Ok(json) => (0u8, json.as_slice()),
        Err(message) => (1, message.as_bytes()),
    };
    pipe.write_all(&[tag])?;
    pipe.write_all(&(bytes.len() as u64).to_be_bytes())?;
    pipe.write_all(bytes)?;
    pipe.flush()
}

/// Reads an answer.
pub(super) fn read_answer(pipe: &mut impl Read) -> io::Result<Answer> {
    let mut tag = [0];
    pipe.read_exact(&mut tag)?;
    let length = number(pipe)?;
    let bytes = bytes(pipe, length, RESULT_MAX)?;
    match tag {
        [0] => Ok(Ok(bytes)),
        _ => Ok(Err(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

fn number(pipe: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    pipe.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

fn bytes(pipe: &mut impl Read, length: u64, max: usize) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "a frame is too long");
    let length = usize::try_from(length).ok().filter(|length| *length <= max);
    let mut bytes = vec![0; length.ok_or_else(too_long)?];
    pipe.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let hello = Hello { memory: 1, result: 2 };
        let ask = Ask { query: ".a".to_owned(), input: b"{}".to_vec(), now_ms: -5 };
        let mut pipe = Vec::new();
        hello.write(&mut pipe).expect("memory");
        ask.write(&mut pipe).expect("memory");
        write_answer(&mut pipe, &Ok(b"[1]".to_vec())).expect("memory");
        write_answer(&mut pipe, &Err("no".to_owned())).expect("memory");
        let mut rest = pipe.as_slice();
        assert_eq!(Hello::read(&mut rest).expect("a hello"), hello);
        assert_eq!(Ask::read(&mut rest).expect("a query"), Some(ask));
        assert_eq!(read_answer(&mut rest).expect("an answer"), Ok(b"[1]".to_vec()));
        assert_eq!(read_answer(&mut rest).expect("an answer"), Err("no".to_owned()));
        assert_eq!(Ask::read(&mut rest).expect("the end"), None);
    }

    #[test]
    fn lengths_are_not_believed() {
        let mut pipe = vec![0];
        pipe.extend_from_slice(&u64::MAX.to_be_bytes());
        assert!(read_answer(&mut pipe.as_slice()).is_err());
    }
}
