internal import CV8
package import WorkerProtocol

extension Isolate {
    /// How a profile ended.
    package enum ProfileOutcome: Hashable, Sendable {
        case written
        /// Whoever takes the bytes took no more.
        case refused
        case outOfTime
        /// The heap is too large for V8's profiler in a worker's memory.
        case tooLarge
    }

    /// What a heap without variables has on its global object: to be left out by ``inspect``.
    package func listGlobals() -> String {
        unsafe String(cv8_isolate_list_globals(raw))
    }

    /// Describes what scripts left behind, without running any code of theirs.
    ///
    /// - Parameters:
    ///   - baseGlobals: what ``listGlobals()`` says of the base heap.
    ///   - profilerSeconds: how long V8's profiler may take to find out sizes.
    /// - Returns: A JSON object; nil if the isolate was terminated meanwhile.
    package func inspect(
        _ question: InspectRequest.Question, byteCountMax: UInt32, hiding baseGlobals: String,
        profilerSeconds: Double
    ) -> [UInt8]? {
        var wanted = ""
        var inspection = unsafe cv8_inspection()
        unsafe inspection.byte_count_max = byteCountMax
        unsafe inspection.profiler_seconds = profilerSeconds
        switch question {
        case .variables(let depth, let countMax):
            unsafe inspection.kind = cv8_list_variables
            unsafe inspection.depth = depth
            unsafe inspection.count_max = countMax
        case .places(let text, let countMax):
            unsafe inspection.kind = cv8_find_text
            unsafe inspection.count_max = countMax
            wanted = text
        case .digests:
            unsafe inspection.kind = cv8_digest_variables
            unsafe inspection.count_max = .max
        case .profile: return nil
        }
        let json = unsafe lend(wanted) { wanted in
            unsafe lend(baseGlobals) { globals in
                unsafe inspection.text = wanted
                unsafe inspection.base_globals = globals
                return unsafe String(cv8_isolate_inspect(raw, inspection))
            }
        }
        return json.isEmpty ? nil : Array(json.utf8)
    }

    /// Writes all objects of the heap as Chrome's developer tools read them, piece by piece.
    ///
    /// - Parameter write: takes the next bytes, which are lent for the call; false to end it.
    package func writeProfile(
        withinSeconds seconds: Double, _ write: (UnsafeRawBufferPointer) -> Bool
    ) -> ProfileOutcome {
        let outcome = unsafe withoutActuallyEscaping(write) { write in
            var sink = unsafe ProfileSink(write: write)
            return unsafe withUnsafeMutablePointer(to: &sink) { sink in
                unsafe cv8_isolate_write_profile(raw, seconds, receiveProfile, sink)
            }
        }
        switch outcome {
        case cv8_profile_written: return .written
        case cv8_profile_refused: return .refused
        case cv8_profile_out_of_time: return .outOfTime
        default: return .tooLarge
        }
    }

    /// Whether the heap limit was reached.
    package var isOutOfMemory: Bool { unsafe cv8_isolate_state(raw) == cv8_out_of_memory }

    private func lend<Result>(_ text: String, _ body: (cv8_bytes) -> Result) -> Result {
        var text = text
        return text.withUTF8 { utf8 in
            unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
                unsafe body(
                    cv8_bytes(bytes: characters.baseAddress, byte_count: characters.count))
            }
        }
    }
}

@safe
private struct ProfileSink {
    let write: (UnsafeRawBufferPointer) -> Bool
}

private func receiveProfile(
    _ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<CChar>?, _ byteCount: Int
) -> Bool {
    guard let context = unsafe context else { return false }
    let sink = unsafe context.assumingMemoryBound(to: ProfileSink.self)
    return unsafe sink.pointee.write(UnsafeRawBufferPointer(start: bytes, count: byteCount))
}
