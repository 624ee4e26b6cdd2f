//! `clock_gettime` for a function under test: its steady clock (`CLOCK_MONOTONIC`) is as far ahead as a file says that the
//! lab writes. An answer that the function keeps grows old without anybody waiting, and the function cannot know. The wall
//! clock is left alone: signatures, certificates and deadlines depend on it.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::libc;

/// The variable with the path of the file: 8 bytes, nanoseconds in the machine's own byte order.
const VARIABLE: &str = "LAB_CLOCK";

const SECOND: u64 = 1_000_000_000;

/// glibc's function, with a steady clock that is ahead.
///
/// # Safety
///
/// As for `clock_gettime(2)`: `time` is null or points to a `timespec`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    // SAFETY: the kernel checks both. Its own call, because this function hides glibc's.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as c_int;
    // SAFETY: the kernel has just written there.
    let time = unsafe { time.as_mut() };
    if result == 0
        && clock == libc::CLOCK_MONOTONIC
        && let Some((time, ahead)) = time.zip(ahead())
    {
        let nanos = ahead.load(Ordering::Relaxed) + time.tv_nsec.cast_unsigned();
        time.tv_sec += (nanos / SECOND).cast_signed();
        time.tv_nsec = (nanos % SECOND).cast_signed();
    }
    result
}

/// The number in the file, which the lab may change at any time.
fn ahead() -> Option<&'static AtomicU64> {
    static AHEAD: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();
    *AHEAD.get_or_init(map)
}

/// Without the file the clock is the kernel's, and the tests that set it fail.
fn map() -> Option<&'static AtomicU64> {
    let file = File::open(std::env::var_os(VARIABLE)?).ok()?;
    let (length, protection) = (size_of::<AtomicU64>(), libc::PROT_READ);
    // SAFETY: a new mapping touches no memory that is in use.
    let address = unsafe {
        libc::mmap(
            null_mut(),
            length,
            protection,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: a mapping begins at a page, is never taken away, and the lab has written the 8 bytes before.
    Some(unsafe { &*address.cast::<AtomicU64>() })
}
