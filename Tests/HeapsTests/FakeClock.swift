import Synchronization

@testable import Heaps

/// A clock that a test moves on.
///
/// It starts at the present: a file that is made is as old as the machine says.
final class FakeClock: Sendable {
    private let moment: Mutex<WallTime>

    init() { moment = Mutex(.now()) }

    var now: WallTime { moment.withLock { $0 } }

    func advance(_ duration: Duration) {
        moment.withLock { $0 = $0 - duration * -1 }
    }
}
