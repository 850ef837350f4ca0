//! Recovery: all frames after the checkpoint's position, then a place to go on.
//!
//! A segment ends where the next one's header says the next one begins. Only in the last segment
//! that has begun may a frame be bad, and only if nothing valid follows: then it is the end that
//! a crash tore, of a group nobody was told about. Segments below the checkpoint may be there or
//! not; from it on there must be no gap. Whatever else is wrong is said loudly.
//!
//! What a crash left behind the last whole frame is never overwritten: the log goes on in the
//! same segment only if there is nothing but zeros, else in a new one, whose header then says
//! that the torn bytes do not count; so no later recovery can take them for a group.

use std::path::PathBuf;

use fermata_storage::CodecError;
use fermata_types::Position;

use super::reader::SegmentImage;
use super::segment::{self, SECTOR, SegmentHeader};
use super::writer::{Segment, SegmentMaker};
use super::{AppendError, Frame, LogWriter, OpenError, StoreId, identity};
use crate::options::Options;

/// What is done with the frames after the checkpoint, in order.
pub(crate) trait Replay {
    /// Carries a frame out.
    fn apply(&mut self, frame: &Frame<'_>) -> Result<(), CodecError>;

    /// Comes before each frame but the first: all frames so far are durable, because another one
    /// follows them, and may be written elsewhere to make room.
    fn make_room(&mut self) -> Result<(), OpenError>;
}

/// Opens the log of a directory, or creates it if it has no identity, and replays every frame
/// after the checkpoint's position.
pub(crate) fn recover(
    dir: PathBuf,
    options: &Options,
    identity: Option<StoreId>,
    checkpoint: Position,
    replay: &mut dyn Replay,
) -> Result<LogWriter, OpenError> {
    let stops_early = options.stops_early();
    let (files, segment_bytes) = (options.files.clone(), options.segment_bytes);
    let keeps_reserve = options.keeps_reserve;
    let maker = SegmentMaker { files, dir, segment_bytes, keeps_reserve };
    let numbers = list_segments(&maker)?;
    match identity {
        Some(store_id) => {
            let next = Position(1);
            Recovery { maker, store_id, checkpoint, next, stops_early }.run(&numbers, replay)
        }
        None => create(maker, options.store_id, &numbers, Position(0)),
    }
}

/// Makes the log of a store whose rows up to a position are in a checkpoint.
pub(crate) fn create_after(
    dir: PathBuf,
    options: &Options,
    position: Position,
) -> Result<(), OpenError> {
    let (files, segment_bytes) = (options.files.clone(), options.segment_bytes);
    let keeps_reserve = options.keeps_reserve;
    let maker = SegmentMaker { files, dir, segment_bytes, keeps_reserve };
    let numbers = list_segments(&maker)?;
    create(maker, options.store_id, &numbers, position).map(|_| ())
}

fn list_segments(maker: &SegmentMaker) -> Result<Vec<u64>, OpenError> {
    let names = maker.files.list(&maker.dir).map_err(OpenError::io("list", &maker.dir))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| segment::number_of(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes a new store. The identity comes last, when all else is durable.
fn create(
    maker: SegmentMaker,
    id: StoreId,
    numbers: &[u64],
    position: Position,
) -> Result<LogWriter, OpenError> {
    for number in numbers {
        // A crash while the store was created leaves its first segment, without frames.
        let image = SegmentImage::read(&*maker.files, &maker.dir, *number)?;
        if *number != 1 || !image.is_zero_from(SECTOR) {
            let path = maker.dir.join(identity::NAME);
            return Err(OpenError::corrupt(&path, 0, "missing, but there are segments"));
        }
        maker.files.remove(&image.path).map_err(OpenError::io("remove", &image.path))?;
    }
    let first = make_segment(&maker, 1, id, position.next())?;
    identity::write(&*maker.files, &maker.dir, id)?;
    tracing::info!(dir = %maker.dir.display(), "store created");
    Ok(LogWriter::new(maker, id, first, position, [(1, position.next())]))
}

fn make_segment(
    maker: &SegmentMaker,
    number: u64,
    id: StoreId,
    first: Position,
) -> Result<Segment, OpenError> {
    maker.make_begun(number, id, first).map_err(|error| match error {
        AppendError::Full => OpenError::StorageFull { dir: maker.dir.clone() },
        AppendError::Failed { action, path, source } => OpenError::Io { action, path, source },
    })
}

/// The end of the log: the last segment that has begun, and its last frame.
struct Tail {
    image: SegmentImage,
    end: usize,
    last_frame: Option<usize>,
}

/// The segments of a directory.
#[derive(Default)]
struct Found {
    /// Below the checkpoint: a crash brought them back, or came before they were removed.
    spent: Vec<PathBuf>,
    /// Begun and needed: numbers and first positions.
    live: Vec<(u64, Position)>,
    /// Made ahead of time.
    ahead: Vec<PathBuf>,
}

struct Recovery {
    maker: SegmentMaker,
    store_id: StoreId,
    /// Frames up to this position are in the checkpoint.
    checkpoint: Position,
    next: Position,
    /// A deliberate bug of simulated stores: the last frame is left out.
    stops_early: bool,
}

impl Recovery {
    fn run(mut self, numbers: &[u64], replay: &mut dyn Replay) -> Result<LogWriter, OpenError> {
        let found = self.find(numbers)?;
        let tail = self.replay_all(&found.live, replay)?;
        let Found { live, .. } = &found;
        let mut live = live.clone();
        let current = self.go_on(tail, &found)?;
        if live.last().is_none_or(|(number, _)| *number < current.number) {
            live.push((current.number, self.next));
        }
        let position = Position(self.next.0 - 1);
        let (segments, checkpoint) = (live.len(), self.checkpoint);
        let dir = self.maker.dir.display();
        tracing::info!(%dir, %position, %checkpoint, segments, "log recovered");
        Ok(LogWriter::new(self.maker, self.store_id, current, position, live))
    }

    /// Sorts the segments by what they are needed for.
    fn find(&mut self, numbers: &[u64]) -> Result<Found, OpenError> {
        // Segments are removed in order, but after a crash any of them may be back: what counts
        // is the last stretch without a gap.
        let mut pairs = numbers.iter().zip(numbers.iter().skip(1));
        let gap = pairs.rposition(|(number, next)| number + 1 != *next);
        let (old, needed) = numbers.split_at(gap.map_or(0, |gap| gap + 1));
        let mut found = Found::default();
        for number in old {
            found.spent.push(self.path(*number));
        }
        let headers = self.read_headers(needed)?;
        let begun: Vec<SegmentHeader> = headers.iter().map_while(|image| image.header).collect();
        for image in headers.into_iter().skip(begun.len()) {
            self.check_not_begun(&image, found.ahead.first())?;
            found.ahead.push(image.path);
        }
        if let Some(first) = begun.first() {
            self.check_reaches(first)?;
        }
        let ends = begun.iter().skip(1).map(|next| Some(next.first)).chain([None]);
        for (header, until) in begun.iter().zip(ends) {
            if until.is_some_and(|until| until <= self.checkpoint.next()) {
                found.spent.push(self.path(header.number));
            } else {
                found.live.push((header.number, header.first));
            }
        }
        Ok(found)
    }

    /// The log must begin at the checkpoint or before.
    fn check_reaches(&self, first: &SegmentHeader) -> Result<(), OpenError> {
        let (needed, begins) = (self.checkpoint.next(), first.first);
        if begins <= needed {
            return Ok(());
        }
        if first.number > 1 {
            let path = self.path(first.number - 1);
            return Err(OpenError::corrupt(&path, 0, "missing, but a later segment is there"));
        }
        let what = format!("starts at position {begins}, not at {needed}");
        Err(OpenError::corrupt(&self.path(first.number), 0, what))
    }

    /// Replays all segments that are needed, one in memory at a time.
    fn replay_all(
        &mut self,
        live: &[(u64, Position)],
        replay: &mut dyn Replay,
    ) -> Result<Tail, OpenError> {
        self.next = live.first().map_or(Position(1), |(_, first)| *first);
        let mut tail = None;
        let ends = live.iter().skip(1).map(|(_, first)| Some(*first)).chain([None]);
        for ((number, _), until) in live.iter().zip(ends) {
            let image = SegmentImage::read(&*self.maker.files, &self.maker.dir, *number)?;
            let (end, last_frame) = self.replay(&image, until, replay)?;
            if until.is_none() {
                self.check_torn(&image, end)?;
                tail = Some(Tail { image, end, last_frame });
            }
        }
        let missing = || OpenError::corrupt(&self.path(1), 0, "no segment has begun");
        let tail = tail.ok_or_else(missing)?;
        if self.next <= self.checkpoint {
            let what = format!("ends before the checkpoint's position {}", self.checkpoint);
            return Err(OpenError::corrupt(&tail.image.path, tail.end, what));
        }
        Ok(tail)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.maker.dir.join(segment::name(number))
    }

    fn read_headers(&self, numbers: &[u64]) -> Result<Vec<SegmentImage>, OpenError> {
        let mut headers = Vec::new();
        for number in numbers {
            let image = SegmentImage::read_header(&*self.maker.files, &self.maker.dir, *number)?;
            match image.header {
                Some(header) if header.store_id != self.store_id => {
                    return Err(OpenError::corrupt(&image.path, 0, "a segment of another store"));
                }
                Some(header) if header.number != *number => {
                    let what = format!("segment {} under another name", header.number);
                    return Err(OpenError::corrupt(&image.path, 0, what));
                }
                _ => headers.push(image),
            }
        }
        Ok(headers)
    }

    /// A segment without a whole header was made ahead of time, or its header was torn before
    /// any frame: there is none in it, and no later segment has begun.
    fn check_not_begun(
        &self,
        image: &SegmentImage,
        earlier: Option<&PathBuf>,
    ) -> Result<(), OpenError> {
        if image.header.is_some() {
            let path = earlier.unwrap_or(&image.path);
            return Err(OpenError::corrupt(path, 0, "no header, but a later segment has begun"));
        }
        let whole = SegmentImage::read(&*self.maker.files, &self.maker.dir, image.number)?;
        match whole.frame_from(SECTOR, self.store_id, Position(0)) {
            Some(_) => Err(OpenError::corrupt(&image.path, 0, "frames without a whole header")),
            None => Ok(()),
        }
    }

    /// Applies a segment's frames up to `until`, the first of the next segment, or as far as they
    /// are whole. Answers where they end and where the last one starts.
    fn replay(
        &mut self,
        image: &SegmentImage,
        until: Option<Position>,
        replay: &mut dyn Replay,
    ) -> Result<(usize, Option<usize>), OpenError> {
        let corrupt = |at: usize, what: String| Err(OpenError::corrupt(&image.path, at, what));
        let first = image.header.map(|header| header.first);
        if first != Some(self.next) {
            return corrupt(0, format!("starts at {first:?}, not at position {}", self.next));
        }
        let (mut end, mut last_frame) = (SECTOR, None);
        while until != Some(self.next) {
            let Some(frame) = image.frame_at(end, self.store_id) else {
                if until.is_some() {
                    return corrupt(end, format!("no whole frame of position {}", self.next));
                }
                break;
            };
            if frame.position != self.next {
                let (found, next) = (frame.position, self.next);
                return corrupt(end, format!("a frame of position {found}, not {next}"));
            }
            let length = frame.bytes.len();
            let is_left_out = self.stops_early
                && until.is_none()
                && image.frame_at(end + length, self.store_id).is_none();
            if !is_left_out && self.next > self.checkpoint {
                replay.make_room()?;
                if let Err(error) = replay.apply(&frame) {
                    return corrupt(end, format!("a frame that cannot be read: {error}"));
                }
            }
            last_frame = Some(end);
            end += length;
            self.next = self.next.next();
        }
        Ok((end, last_frame))
    }

    /// What follows the last whole frame is a torn end only if no whole frame follows later.
    fn check_torn(&self, image: &SegmentImage, end: usize) -> Result<(), OpenError> {
        match image.frame_from(end, self.store_id, self.next) {
            Some(later) => {
                let what = format!("no whole frame, but one follows at byte {later}");
                Err(OpenError::corrupt(&image.path, end, what))
            }
            None => Ok(()),
        }
    }

    /// Makes durable what was read, and finds the place for the next frame.
    fn go_on(&self, tail: Tail, found: &Found) -> Result<Segment, OpenError> {
        let (files, dir) = (&self.maker.files, &self.maker.dir);
        let Tail { image, end, last_frame } = tail;
        let path = image.path.clone();
        let file = files.open(&path).map_err(OpenError::io("open", &path))?;
        // Header and last frame were read, perhaps from pages that never reached the disk, or
        // whose sync failed. They are written again so that a sync cannot take them for done.
        if let Some(header) = image.header {
            file.write_at(0, &header.encode()).map_err(OpenError::io("write", &path))?;
        }
        let last = last_frame.and_then(|at| Some((at, image.frame_at(at, self.store_id)?)));
        if let Some((at, frame)) = last {
            file.write_at(at as u64, frame.bytes).map_err(OpenError::io("write", &path))?;
        }
        file.sync_all().map_err(OpenError::io("sync", &path))?;
        for path in found.ahead.iter().chain(&found.spent) {
            files.remove(path).map_err(OpenError::io("remove", path))?;
        }
        files.sync_dir(dir).map_err(OpenError::io("sync", dir))?;
        let capacity = image.capacity() as u64;
        if image.is_zero_from(end) && capacity >= end as u64 {
            let number = image.number;
            return Ok(Segment { number, path, file, end: end as u64, capacity });
        }
        tracing::warn!(file = %path.display(), end, "torn end of the log: no acknowledged group");
        let next = make_segment(&self.maker, image.number + 1, self.store_id, self.next)?;
        // The torn bytes no longer count; cutting them off gives back their space.
        file.truncate(end as u64).map_err(OpenError::io("truncate", &path))?;
        file.sync_all().map_err(OpenError::io("sync", &path))?;
        Ok(next)
    }
}
