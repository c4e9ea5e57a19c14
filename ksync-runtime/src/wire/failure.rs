//! Why a message can't be written: nearly always nothing.

use std::mem::ManuallyDrop;

use crate::declare::OperationError;

/// The first failure, if there was one. It lies apart, so that what nearly never happens takes no room.
///
/// Dropping it is spelt out, and inlined: otherwise the compiler would drop a message by way of its address, and keep all of
/// it in memory for that.
#[derive(Debug)]
pub(super) struct Failure(ManuallyDrop<Option<Box<OperationError>>>);

impl Failure {
    #[inline(always)]
    pub(super) const fn none() -> Self {
        Failure(ManuallyDrop::new(None))
    }

    #[inline(always)]
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Notes one, unless there was another one before.
    #[inline(always)]
    pub(super) fn note(&mut self, error: OperationError) {
        if self.0.is_none() {
            *self.0 = Some(boxed(error));
        }
    }

    /// The first one, to be changed.
    #[inline(always)]
    pub(super) fn get_mut(&mut self) -> Option<&mut OperationError> {
        self.0.as_deref_mut()
    }

    /// Takes it out.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<Box<OperationError>> {
        self.0.take()
    }
}

impl Drop for Failure {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(error) = self.take() {
            forget(error);
        }
    }
}

#[cold]
fn boxed(error: OperationError) -> Box<OperationError> {
    Box::new(error)
}

#[cold]
fn forget(error: Box<OperationError>) {
    drop(error);
}
