//! An allocator that counts bytes.

#![allow(unsafe_code)] // an allocator

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

/// The system's allocator, which counts the bytes that each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<i64> = const { Cell::new(0) };
    static LARGEST: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // A thread that is ending has no counter any more.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(bytes)));
}

// SAFETY: every call is passed on to `System`, which upholds the contract of `GlobalAlloc`, with the
// arguments for which the caller upholds its own part. Counting neither allocates (the counter is a
// constant-initialised `Cell` without a destructor) nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's layout has a size above zero, as `System` asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller got the block from this allocator, so from `System`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's layout has a size above zero, as `System` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller got the block from this allocator, so from `System`, with this layout, and
        // asks for a size above zero that does not overflow.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bytes that something holds.
#[allow(dead_code)] // another test binary needs the other
pub fn held<X>(make: impl FnOnce() -> X) -> (X, u64) {
    let before = HELD.get();
    let made = make();
    (made, (HELD.get() - before).try_into().expect("what is made holds memory"))
}

/// The largest block that is asked for, at first or to grow.
#[allow(dead_code)]
pub fn largest<X>(run: impl FnOnce() -> X) -> (X, u64) {
    LARGEST.set(0);
    let result = run();
    (result, LARGEST.get().try_into().expect("it is never below 0"))
}

#[test]
fn bytes_are_counted() {
    assert_eq!(largest(|| core::hint::black_box((vec![1u8; 100], vec![1u8; 50]))).1, 100);
    assert_eq!(held(|| core::hint::black_box(vec![1u8; 100])).1, 100);
    assert_eq!(held(|| drop(core::hint::black_box(vec![1u8; 100]))).1, 0);
}
