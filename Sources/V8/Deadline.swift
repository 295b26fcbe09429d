import Glibc

/// A moment on the monotonic clock after which a script may not run.
package struct Deadline: Hashable, Comparable, Sendable {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    private let nanoseconds: UInt64

    /// Never reached.
    package static let never = Deadline(nanoseconds: .max)

    /// The present moment.
    package static var now: Deadline {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The moment that is this many milliseconds from now.
    package static func after(milliseconds: UInt32) -> Deadline {
        Deadline(nanoseconds: now.nanoseconds + UInt64(milliseconds) * 1_000_000)
    }

    /// Microseconds from `earlier` to this moment; 0 if that is later.
    package func microseconds(since earlier: Deadline) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? (nanoseconds - earlier.nanoseconds) / 1000 : 0
    }

    /// The moment that is so many milliseconds later; ``never``, if that is further away than the
    /// clock goes.
    package func adding(milliseconds: Double) -> Deadline {
        let added = UInt64(exactly: (milliseconds * 1_000_000).rounded(.up)) ?? .max
        let (sum, isOver) = nanoseconds.addingReportingOverflow(added)
        return isOver ? .never : Deadline(nanoseconds: sum)
    }

    /// Nanoseconds left; 0 if the moment has passed.
    package var nanosecondsLeft: UInt64 {
        let present = Deadline.now.nanoseconds
        return nanoseconds > present ? nanoseconds - present : 0
    }

    /// Milliseconds left, rounded up so that a wait of this length reaches the moment; 0 if it has
    /// passed.
    package var millisecondsLeft: UInt64 {
        (microseconds(since: .now) + 999) / 1000
    }

    /// Whether `lhs` comes first.
    package static func < (lhs: Deadline, rhs: Deadline) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    private init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }
}
