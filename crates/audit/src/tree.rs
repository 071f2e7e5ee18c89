//! The Merkle tree of RFC 6962 over record hashes, kept as the roots of its perfect subtrees.

use sha2::{Digest, Sha256};

use crate::hash::{Hash, sha256};

/// A tree that only grows. Memory and the work per leaf are logarithmic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    count: u64,
    roots: Vec<Hash>,
}

impl Tree {
    /// Continues a tree from its size and the roots of its perfect subtrees, largest first.
    pub(crate) fn resume(count: u64, roots: Vec<Hash>) -> Option<Self> {
        (roots.len() as u32 == count.count_ones()).then_some(Self { count, roots })
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds a record, given by its hash.
    pub(crate) fn push(&mut self, record: &Hash) {
        let mut node: Hash = Sha256::new().chain_update([0]).chain_update(record).finalize().into();
        let mut count = self.count;
        while count & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            node = parent(&left, &node);
            count >>= 1;
        }
        self.roots.push(node);
        self.count += 1;
    }

    /// The tree hash.
    pub(crate) fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else {
            return sha256(&[]);
        };
        roots.fold(*last, |right, left| parent(left, &right))
    }
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition in RFC 6962, section 2.1, word by word.
    fn reference(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                parent(&reference(&leaves[..split]), &reference(&leaves[split..]))
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_and_resumes() {
        let leaves: Vec<Hash> = (0..70u8).map(|i| sha256(&[i])).collect();
        let mut tree = Tree::default();
        for (at, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), reference(&leaves[..at]));
            tree = Tree::resume(tree.count(), tree.roots().to_vec()).unwrap();
            tree.push(leaf);
        }
        assert!(Tree::resume(3, vec![[0; 32]]).is_none());
    }
}
