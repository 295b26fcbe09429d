import Synchronization

@testable import Heaps

/// A clock that a test moves on.
///
/// It starts at the present: a file that is made is as old as the machine says. It has whole
/// seconds, as some storages know no others.
final class FakeClock: Sendable {
    private let moment: Mutex<WallTime>

    init() {
        let seconds = WallTime.now().millisecondsSince1970 / 1000
        moment = Mutex(WallTime(millisecondsSince1970: seconds * 1000))
    }

    var now: WallTime { moment.withLock { $0 } }

    func advance(_ duration: Duration) {
        moment.withLock { $0 = $0 - duration * -1 }
    }
}
