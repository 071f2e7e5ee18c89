//! The cells of a launcher: those that wait for a run, those that serve one, and the runs that wait for a cell.

use std::{
    collections::{HashMap, VecDeque},
    os::fd::OwnedFd,
};

use codex_launcher::protocol::Stage;
use tokio::sync::oneshot;

/// A cell that can be given a run.
#[derive(Debug)]
pub struct Cell {
    /// Its number at the launcher.
    pub number: u64,
    /// Whether it has control groups.
    pub grouped: bool,
    /// Where it takes runs.
    pub socket: OwnedFd,
}

/// Why there is no cell: what did not work, and the error number.
pub type NoCell = (Stage, i32);

/// All that the engine knows of them.
#[derive(Debug, Default)]
pub struct Cells {
    plain: Kind,
    grouped: Kind,
    /// By the runs that they serve.
    serving: HashMap<u64, Cell>,
}

/// Those with control groups, or those without.
#[derive(Debug, Default)]
struct Kind {
    /// The one that ran last is at the end: its memory is the warmest.
    idle: Vec<Cell>,
    waiting: VecDeque<oneshot::Sender<Result<Cell, NoCell>>>,
    /// How many the launcher is to make.
    expected: usize,
}

impl Cells {
    /// Those of a launcher that has just answered: its first cell comes unasked.
    pub fn new() -> Self {
        Self { plain: Kind { expected: 1, ..Kind::default() }, ..Self::default() }
    }

    /// An idle cell, if there is one.
    pub fn take(&mut self, grouped: bool) -> Option<Cell> {
        self.kind(grouped).idle.pop()
    }

    /// Waits for a cell. Returns whether the launcher has to be asked to make one, too.
    pub fn wait(&mut self, grouped: bool) -> (oneshot::Receiver<Result<Cell, NoCell>>, bool) {
        let (sender, receiver) = oneshot::channel();
        let kind = self.kind(grouped);
        kind.waiting.retain(|waiting| !waiting.is_closed());
        kind.waiting.push_back(sender);
        let lacking = kind.expected < kind.waiting.len();
        kind.expected += usize::from(lacking);
        (receiver, lacking)
    }

    /// A cell serves a run.
    pub fn serve(&mut self, run: u64, cell: Cell) {
        self.serving.insert(run, cell);
    }

    /// The cell that serves a run.
    pub fn serving(&self, run: u64) -> Option<&Cell> {
        self.serving.get(&run)
    }

    /// A run is over; its cell is there for the next one if it is `lasting`.
    pub fn ended(&mut self, run: u64, lasting: bool) {
        if let Some(cell) = self.serving.remove(&run).filter(|_| lasting) {
            self.add(cell);
        }
    }

    /// The launcher made a cell.
    pub fn made(&mut self, cell: Cell) {
        let kind = self.kind(cell.grouped);
        kind.expected = kind.expected.saturating_sub(1);
        self.add(cell);
    }

    /// The launcher could not make a cell.
    pub fn not_made(&mut self, grouped: bool, reason: NoCell) {
        let kind = self.kind(grouped);
        kind.expected = kind.expected.saturating_sub(1);
        if let Some(waiting) = kind.waiting.pop_front() {
            let _ = waiting.send(Err(reason));
        }
    }

    /// A cell is no more. Returns the run that it served.
    pub fn gone(&mut self, number: u64) -> Option<u64> {
        for kind in [&mut self.plain, &mut self.grouped] {
            kind.idle.retain(|cell| cell.number != number);
        }
        let run = self.serving.iter().find(|(_, cell)| cell.number == number).map(|(run, _)| *run)?;
        self.serving.remove(&run);
        Some(run)
    }

    /// There will be no more of them: whoever waits for one learns it.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, mut cell: Cell) {
        let kind = self.kind(cell.grouped);
        while let Some(waiting) = kind.waiting.pop_front() {
            match waiting.send(Ok(cell)) {
                Ok(()) => return,
                Err(Ok(back)) => cell = back,
                Err(Err(_)) => return,
            }
        }
        kind.idle.push(cell);
    }

    fn kind(&mut self, grouped: bool) -> &mut Kind {
        if grouped { &mut self.grouped } else { &mut self.plain }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use codex_launcher::protocol::Stage;

    use super::{Cell, Cells};

    fn cell(number: u64) -> Cell {
        let socket = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        Cell { number, grouped: false, socket }
    }

    #[test]
    fn gives_the_cell_that_ran_last() {
        let mut cells = Cells::new();
        cells.made(cell(1));
        cells.made(cell(2));
        let first = cells.take(false).unwrap();
        assert_eq!(first.number, 2);
        cells.serve(10, first);
        assert!(cells.take(true).is_none());
        assert_eq!(cells.serving(10).unwrap().number, 2);
        cells.ended(10, true);
        assert_eq!(cells.take(false).unwrap().number, 2);
        assert_eq!(cells.take(false).unwrap().number, 1);
        assert!(cells.take(false).is_none());
    }

    #[test]
    fn asks_for_as_many_as_are_waited_for() {
        let mut cells = Cells::new();
        let (mut first, ask) = cells.wait(false);
        assert!(!ask, "the first comes unasked");
        let (mut second, ask) = cells.wait(false);
        assert!(ask);
        let (third, ask) = cells.wait(false);
        assert!(ask);
        drop(third);
        cells.made(cell(1));
        assert_eq!(first.try_recv().unwrap().unwrap().number, 1);
        cells.not_made(false, (Stage::Clone, 11));
        assert_eq!(second.try_recv().unwrap().unwrap_err(), (Stage::Clone, 11));
        // The one that nobody waits for any more is there for the next.
        cells.made(cell(2));
        assert_eq!(cells.take(false).unwrap().number, 2);
    }

    #[test]
    fn gives_a_cell_that_has_become_free_to_whoever_waits() {
        let mut cells = Cells::new();
        cells.made(cell(1));
        let taken = cells.take(false).unwrap();
        cells.serve(10, taken);
        let (mut waiting, ask) = cells.wait(false);
        assert!(ask);
        cells.ended(10, true);
        assert_eq!(waiting.try_recv().unwrap().unwrap().number, 1);
    }

    #[test]
    fn knows_the_run_of_a_cell_that_is_gone() {
        let mut cells = Cells::new();
        cells.made(cell(1));
        cells.made(cell(2));
        let taken = cells.take(false).unwrap();
        cells.serve(10, taken);
        assert_eq!(cells.gone(1), None);
        assert_eq!(cells.gone(2), Some(10));
        assert_eq!(cells.gone(2), None);
        assert!(cells.take(false).is_none());
    }
}
