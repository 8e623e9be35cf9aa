//! The CPU: rayon for threads, vector instructions chosen at run time.
//!
//! A step is a flat list of tensors, cut by recursive halving into pieces of one or several
//! [`LEAF`](crate::device::LEAF)s. A piece is walked in tiles of 64 elements, which go from memory
//! through vector registers and back: widen, rule, store, round. Neither the pieces, nor the threads,
//! nor the width of the vectors change a bit of the result.

mod corrected;
mod evaluate;
pub(crate) mod fused;
mod group;
mod lines;
mod listed;
#[cfg(feature = "matrix")]
mod matrix;
mod measure;
mod noise;
pub(crate) mod on_tiles;
mod pieces;
mod plain;
mod reduce;
#[cfg(target_arch = "x86_64")]
mod registers;
mod rows;
mod simd;
mod survey;
mod threads;
mod tile;
mod tiled;
mod update;
mod views;
mod write;

use crate::device::{Bringing, Device, Evaluated, Formats, Work};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::transform::{MatrixNeeds, Stage};
use std::sync::Arc;

/// What factorises and multiplies matrices.
#[cfg(feature = "matrix")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Algebra {
    #[default]
    Faer,
    #[cfg(feature = "lapack")]
    Lapack,
}

/// The CPU as a device.
///
/// [`Cpu::default`] uses rayon's global threads, [`Cpu::with_threads`] its own. Matrices are the work of
/// faer; with the feature `lapack` they may be that of LAPACK, see `Cpu::with_lapack`.
///
/// ```
/// use gradus::cpu::Cpu;
///
/// assert_eq!(Cpu::with_threads(2)?.threads(), 2);
/// assert!(Cpu::default().threads() >= 1);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    pool: Option<Arc<rayon::ThreadPool>>,
    #[cfg(feature = "matrix")]
    algebra: Algebra,
}

impl Cpu {
    /// A CPU that runs its steps on `threads` threads of its own.
    ///
    /// # Errors
    /// [`Error::Threads`] if `threads` is 0 or they cannot be started.
    pub fn with_threads(threads: usize) -> Result<Self> {
        let refused = |reason: String| Error::Threads { threads, reason };
        if threads == 0 {
            return Err(refused("a step needs at least one".to_owned()));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            pool: Some(Arc::new(pool)),
            #[cfg(feature = "matrix")]
            algebra: Algebra::default(),
        })
    }

    /// The same with products and factorisations by the system's BLAS and LAPACK: a second opinion. A step with
    /// matrices then allocates, and its bits may depend on the library and its threads.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Soap;
    /// use ndarray::array;
    ///
    /// let mut parameters = [("weight", array![[1.0f32, 0.0], [0.0, 1.0]])];
    /// let mut optimizer = Soap::default().build(Cpu::default().with_lapack(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("weight", array![[3.0, 1.0], [1.0, 3.0]])])?;
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    #[cfg(feature = "lapack")]
    #[must_use]
    pub fn with_lapack(self) -> Self {
        Self { algebra: Algebra::Lapack, ..self }
    }

    /// Runs something on the threads of this device.
    fn on_threads(&self, run: &mut (dyn FnMut() + Send)) {
        match &self.pool {
            Some(pool) => pool.install(run),
            None => run(),
        }
    }

    /// How many threads a step may use.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
    }
}

impl Device for Cpu {
    type Buffer<T: StorageDtype> = Vec<T>;
    type View<'a, T: StorageDtype> = &'a [T];
    type ViewMut<'a, T: StorageDtype> = &'a mut [T];
    #[cfg(feature = "matrix")]
    type Workspace = matrix::Workspace;
    type Answer = core::convert::Infallible;
    #[cfg(not(feature = "matrix"))]
    type Workspace = core::convert::Infallible;

    #[cfg(feature = "matrix")]
    fn workspace(&self, needs: &MatrixNeeds) -> Result<matrix::Workspace> {
        matrix::Workspace::new(needs, self.threads(), self.algebra)
    }

    #[cfg(feature = "matrix")]
    fn workspace_bytes(&self, needs: &MatrixNeeds) -> u64 {
        matrix::Workspace::bytes(needs, self.threads())
    }

    #[cfg(not(feature = "matrix"))]
    fn workspace(&self, needs: &MatrixNeeds) -> Result<Self::Workspace> {
        Err(Error::NoLinearAlgebra { parameter: needs.first_name().to_owned() })
    }

    #[cfg(not(feature = "matrix"))]
    fn workspace_bytes(&self, _: &MatrixNeeds) -> u64 {
        0
    }

    fn shorter<'long: 'short, 'short, T: StorageDtype>(view: &'long [T]) -> &'short [T] {
        view
    }

    fn shorter_mut<'long: 'short, 'short, T: StorageDtype>(view: &'long mut [T]) -> &'short mut [T] {
        view
    }

    fn as_view<'short, T: StorageDtype>(view: &'short &mut [T]) -> &'short [T] {
        view
    }

    fn length<T: StorageDtype>(view: &&[T]) -> usize {
        view.len()
    }

    fn zeros<T: StorageDtype>(&self, length: usize) -> Option<Vec<T>> {
        bytemuck::allocation::try_zeroed_slice_box(length).ok().map(Vec::from)
    }

    fn view<T: StorageDtype>(buffer: &Vec<T>) -> &[T] {
        buffer
    }

    fn view_mut<T: StorageDtype>(buffer: &mut Vec<T>) -> &mut [T] {
        buffer
    }

    fn read<T: StorageDtype>(&self, buffer: &Vec<T>) -> Result<Vec<T>> {
        Ok(buffer.clone())
    }

    fn write<T: StorageDtype>(&self, buffer: &mut Vec<T>, values: &[T]) -> Result<()> {
        buffer.copy_from_slice(values);
        Ok(())
    }

    fn square_sums<T: StorageDtype>(
        &self,
        views: &[Option<&[T]>],
        unit: f64,
        sums: &mut [f64],
    ) -> Result<()> {
        self.on_threads(&mut || survey::square_sums(views, unit, sums));
        Ok(())
    }

    fn first_nonfinite<T: StorageDtype>(&self, view: &&[T]) -> Result<Option<usize>> {
        Ok(survey::first_nonfinite(view))
    }

    fn run<C: Stage, K: Formats>(&self, works: &mut [Work<'_, Self, C, K>]) -> Result<()> {
        // Once for all: a chain from data has room for many statistics, and most chains take none.
        let (mut taken, mut last) = (0, 0);
        for work in works.iter() {
            taken |= work.statistics.taken;
            last = if work.matrix.is_some() { C::CUTS } else { last };
        }
        self.on_threads(&mut || {
            for part in 0..=last {
                if const { C::PASSES > 0 } {
                    let passes = (0..C::PASSES).filter(|pass| taken >> pass & 1 == 1);
                    passes.for_each(|pass| pieces::measure(works, pass, part));
                }
                pieces::update_all(works, part);
                #[cfg(feature = "matrix")]
                matrix::between(works, part);
            }
        });
        Ok(())
    }

    fn run_brought<'a, C: Stage, K: Formats>(
        &self,
        works: &mut Vec<Work<'a, Self, C, K>>,
        brought: impl Bringing<'a, Self, C, K>,
    ) -> Result<()> {
        if !brought.stand_alone() {
            brought.for_each(|work| works.push(work));
            return self.run(works);
        }
        let mut brought = Some(brought);
        self.on_threads(&mut || pieces::update_brought(brought.take().expect("a step runs once")));
        Ok(())
    }

    fn evaluate<C: Stage, K: Formats>(&self, mut tensor: Evaluated<'_, Self, C, K>) -> Result<()> {
        self.on_threads(&mut || evaluate::evaluate(&mut tensor));
        Ok(())
    }

    fn copy<T: StorageDtype>(&self, from: &[T], into: &mut [T]) -> Result<()> {
        into.copy_from_slice(from);
        Ok(())
    }
}
