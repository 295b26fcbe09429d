/// What a snapshot is tied to: only a worker with an equal identity can restore it.
///
/// V8's own version string shows none of the last three, and V8 ends the process instead of
/// reporting a mismatch.
package struct EngineIdentity: Hashable, Sendable {
    /// Whether V8 may make machine code; a snapshot of one mode cannot be restored in the other.
    package enum Mode: UInt8, Sendable {
        /// Machine code is generated.
        case jit = 1
        /// Interpreter only.
        case jitless = 2
    }

    /// V8's version, such as `13.6.233.17-node.51`.
    package var v8Version: String
    /// The GNU build id of the library that V8 is in, in hex.
    package var buildID: String
    /// How V8 generates code.
    package var mode: Mode
    /// The version of our table of native functions; their order is part of a snapshot's format.
    package var nativesVersion: UInt32

    /// Makes an identity from its parts.
    package init(v8Version: String, buildID: String, mode: Mode, nativesVersion: UInt32) {
        self.v8Version = v8Version
        self.buildID = buildID
        self.mode = mode
        self.nativesVersion = nativesVersion
    }
}

extension EngineIdentity: CustomStringConvertible {
    /// One line for a person, such as `V8 13.6.233.17 (build 0a1b2c3d, jit, natives 1)`.
    package var description: String {
        "V8 \(v8Version) (build \(buildID.prefix(8)), \(mode), natives \(nativesVersion))"
    }
}
