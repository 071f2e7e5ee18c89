//! The sandboxes of this process whose runs are under way, by what they may write.
//!
//! What appears in a workspace while no run of a sandbox is under way is the host's to that sandbox, unless the runs of another
//! one may have made it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

static UNDER_WAY: Mutex<BTreeMap<u64, Vec<PathBuf>>> = Mutex::new(BTreeMap::new());

static NEXT: AtomicU64 = AtomicU64::new(0);

/// One sandbox among them.
#[derive(Debug)]
pub struct Neighbour {
    number: u64,
    roots: Vec<PathBuf>,
}

impl Neighbour {
    /// One that may write these directories.
    pub fn new(roots: Vec<PathBuf>) -> Self {
        Self { number: NEXT.fetch_add(1, Relaxed), roots }
    }

    /// Its runs are under way. Whether those of no other one are that may write in the same place.
    pub fn enter(&self) -> bool {
        let mut under_way = under_way();
        let shares = |roots: &Vec<PathBuf>| {
            let meets = |root: &PathBuf| self.roots.iter().any(|own| own.starts_with(root) || root.starts_with(own));
            roots.iter().any(meets)
        };
        let alone = !under_way.values().any(shares);
        under_way.insert(self.number, self.roots.clone());
        alone
    }

    /// None of its runs is under way.
    pub fn leave(&self) {
        under_way().remove(&self.number);
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.leave();
    }
}

fn under_way() -> MutexGuard<'static, BTreeMap<u64, Vec<PathBuf>>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Neighbour;

    #[test]
    fn those_count_that_may_write_in_the_same_place() {
        let [outer, inner, apart] = ["/n/a", "/n/a/b", "/n/ab"].map(|root| Neighbour::new(vec![root.into()]));
        assert!(outer.enter());
        assert!(!inner.enter());
        assert!(apart.enter());
        outer.leave();
        inner.leave();
        assert!(inner.enter());
        drop(inner);
        assert!(outer.enter());
    }
}
