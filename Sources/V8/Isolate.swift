internal import CV8
package import WorkerProtocol

/// One V8 isolate with one context. Belongs to the thread that opened it.
@safe
package struct Isolate: ~Copyable {
    /// What an isolate is for.
    package enum Kind: Hashable, Sendable {
        /// It is thrown away and never serialised, and has WebAssembly.
        case stateless
        /// ``Isolate/serialize(into:)`` can take it.
        case heap
    }

    /// Ends an isolate's JavaScript from another thread. Valid while the isolate is open.
    // Safe because cv8_isolate_terminate may be called on any thread.
    @safe
    package struct Terminator: @unchecked Sendable {
        fileprivate let raw: OpaquePointer

        /// Makes the JavaScript end as soon as V8 looks.
        package func terminate() {
            unsafe cv8_isolate_terminate(raw)
        }
    }

    let raw: OpaquePointer
    /// Retained until the isolate has ended; unmanaged, since a type whose last use is a method may
    /// hold nothing else.
    private let resources: Unmanaged<Resources>

    /// Opens an isolate on a snapshot; nil if that holds no base heap.
    ///
    /// - Parameter print: called on this thread for each entry that a script prints.
    package init?(
        _ kind: Kind, restoring snapshot: Snapshot, print: @escaping (ConsoleLine) -> Void
    ) {
        let resources = Resources(print: print)
        let opened = unsafe withExtendedLifetime(snapshot) {
            unsafe cv8_isolate_open(
                kind == .heap ? cv8_serializable : cv8_stateless, snapshot.raw, receiveConsoleLine,
                Unmanaged.passUnretained(resources).toOpaque())
        }
        guard let opened = unsafe opened else { return nil }
        unsafe raw = opened
        unsafe self.resources = Unmanaged.passRetained(resources)
    }

    deinit {
        unsafe cv8_isolate_dispose(raw)
        unsafe resources.release()
    }

    /// Takes over an isolate that was forked along with its process: its random numbers are its own
    /// from here on, and what it prints goes to `print`.
    package func adopt(print: @escaping (ConsoleLine) -> Void) {
        unsafe cv8_isolate_seed(raw, Int64.random(in: .min ... .max))
        unsafe resources.takeUnretainedValue().print = print
    }

    /// What another thread ends this isolate's JavaScript with.
    package var terminator: Terminator { unsafe Terminator(raw: raw) }

    /// A way to this isolate for a fork of the process, which has a copy of it.
    // Safe because only a fork uses it, on its one thread, and the fork then ends.
    @safe
    package struct Fork: @unchecked Sendable {
        fileprivate let raw: OpaquePointer

        /// As ``Isolate/serialize(into:)``. Only in a process that was forked for it.
        package func serialize(into place: UnsafeMutableRawBufferPointer) -> Snapshot {
            unsafe Snapshot(serializing: raw, into: place)
        }
    }

    /// What a fork of this process serialises this isolate's copy with.
    package var fork: Fork { unsafe Fork(raw: raw) }

    /// Bytes of machine code. Right after opening it is the same in all: what is in snapshots has
    /// no code, which would have addresses of the process that made it.
    package var codeByteCount: UInt64 { unsafe cv8_isolate_observe(raw).code_byte_count }

    /// Bytes in use in V8's heap and in array buffers.
    package var heapByteCount: UInt64 { unsafe cv8_isolate_heap_byte_count(raw) }

    /// Drops what is left of an ended script and empties what cannot be serialised.
    ///
    /// - Returns: What stands in the way, for a person; nil if nothing does.
    package func prepareSerialization() -> String? {
        let obstacle = unsafe String(cv8_isolate_prepare_serialization(raw))
        return obstacle.isEmpty ? nil : obstacle
    }

    /// Ends the isolate and returns its heap. V8 ends the process if the heap holds what it cannot
    /// serialise.
    ///
    /// Precondition: the isolate is a ``Kind/heap``, was prepared, and was not terminated.
    ///
    /// - Parameter place: where the snapshot is to lie. Too large for it, it lies elsewhere.
    package consuming func serialize(into place: UnsafeMutableRawBufferPointer) -> Snapshot {
        let snapshot = unsafe Snapshot(serializing: raw, into: place)
        unsafe resources.release()
        discard self
        return snapshot
    }

    /// As ``serialize(into:)``, in memory of V8's.
    package consuming func serialize() -> Snapshot {
        unsafe serialize(into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
}

/// What V8 refers to as long as an isolate lives.
private final class Resources {
    /// Where console entries go.
    var print: (ConsoleLine) -> Void

    init(print: @escaping (ConsoleLine) -> Void) {
        self.print = print
    }
}

private func receiveConsoleLine(
    _ context: UnsafeMutableRawPointer?, _ level: Int32, _ text: UnsafePointer<CChar>?,
    _ byteCount: Int
) {
    guard let context = unsafe context else { return }
    let resources = unsafe Unmanaged<Resources>.fromOpaque(context).takeUnretainedValue()
    let known = UInt8(exactly: level).flatMap(ConsoleLine.Level.init) ?? .log
    let entry = unsafe String(cv8_bytes(bytes: text, byte_count: byteCount))
    resources.print(ConsoleLine(level: known, text: entry))
}

extension String {
    /// Copies borrowed UTF-8; what is not valid becomes U+FFFD.
    init(_ borrowed: cv8_bytes) {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: borrowed.bytes, count: borrowed.byte_count)
        self = unsafe String(decoding: bytes, as: UTF8.self)
    }
}
