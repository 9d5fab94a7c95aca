//! A list whose places keep their numbers when others go.

/// Values by number, in order. Finding one costs a look where none has gone, and a few
/// where some have.
#[derive(Debug, Clone)]
pub(crate) struct Sparse<T>(Vec<(u32, T)>);

impl<T> Sparse<T> {
    /// An empty one.
    pub(crate) const fn new() -> Sparse<T> {
        Sparse(Vec::new())
    }

    #[inline]
    fn place(&self, number: u32) -> Result<usize, usize> {
        match self.0.get(number as usize) {
            Some((known, _)) if *known == number => Ok(number as usize),
            _ => self.0.binary_search_by_key(&number, |(known, _)| *known),
        }
    }

    /// The value of a number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.place(number).ok().map(|at| &self.0[at].1)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.place(number).ok().map(|at| &mut self.0[at].1)
    }

    /// Adds a value under a number, or puts it in the place of the one that has it.
    pub(crate) fn insert(&mut self, number: u32, value: T) {
        match self.place(number) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (number, value)),
        }
    }

    /// Takes the value of a number out.
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        self.place(number).ok().map(|at| self.0.remove(at).1)
    }

    /// All values in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
