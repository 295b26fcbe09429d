/// How much confinement of workers is asked for.
package enum SandboxLevel: String, CaseIterable, Sendable {
    /// None but the limits on memory.
    case off
    /// The essential layers must hold; the others as far as they can be had.
    case on
    /// Every layer must hold.
    case required
}

/// One of the means by which the kernel confines workers.
///
/// The raw value travels between the processes; it is never given to another layer.
package enum SandboxLayer: UInt8, CaseIterable, Sendable {
    /// Neither root nor a member of groups that root gave.
    case unprivilegedUser = 0
    /// No capability, and no way to one.
    case noCapabilities = 1
    /// No program or file gives rights.
    case noNewPrivileges = 2
    /// Memory hidden from other processes of the same user.
    case notDumpable = 3
    /// Bounds on memory, files, descriptors, processes and queues.
    case resourceLimits = 4
    /// The list of system calls that are allowed.
    case systemCallFilter = 5
    /// The proof at start that a confined process cannot get out, and dies trying.
    case proof = 6
    /// Capabilities that count inside only, for making the namespaces below.
    case userNamespace = 7
    /// No network but an empty one.
    case networkNamespace = 8
    /// System V objects, host names and control groups of its own.
    case otherNamespaces = 9
    /// No file system but an empty one that cannot be written to.
    case emptyRoot = 10
    /// No other processes in sight.
    case processNamespace = 11
    /// No rights on files, TCP, abstract sockets and others' signals, whatever else fails.
    case landlock = 12
    /// No memory that is executable and can be written to; with the JIT there must be.
    case noExecutableMemory = 13
    /// Ended before everything else when memory is short.
    case outOfMemoryFirst = 14

    /// Whether workers are not started without it.
    package var isEssential: Bool { rawValue <= SandboxLayer.proof.rawValue }
}

/// Whether a layer holds.
package enum SandboxLayerState: Hashable, Sendable {
    /// It holds.
    case on
    /// It says nothing here: it would be of no use.
    case notNeeded
    /// The kernel said this.
    case refused(errno: Int32)
}

/// Which layers hold around the workers of a template.
package struct SandboxReport: Hashable, Sendable {
    /// One layer and its state.
    package struct Entry: Hashable, Sendable {
        /// Which layer.
        package var layer: SandboxLayer
        /// Whether it holds.
        package var state: SandboxLayerState

        /// Makes an entry.
        package init(_ layer: SandboxLayer, _ state: SandboxLayerState) {
            self.layer = layer
            self.state = state
        }
    }

    /// Each layer once, in the order in which they were tried. Empty where confinement is off.
    package private(set) var entries: [Entry]

    /// Makes a report.
    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    /// Layers that should hold and do not.
    package var missing: [Entry] {
        entries.filter { if case .refused = $0.state { true } else { false } }
    }

    /// Notes a layer; of several steps of one layer the first that was refused counts.
    package mutating func add(_ layer: SandboxLayer, _ state: SandboxLayerState) {
        guard let index = entries.firstIndex(where: { $0.layer == layer }) else {
            entries.append(Entry(layer, state))
            return
        }
        if case .refused = entries[index].state { return }
        entries[index].state = state
    }
}

extension SandboxReport.Entry: CustomStringConvertible {
    /// One word or two for a person, such as `landlock: refused (errno 38)`.
    package var description: String {
        switch state {
        case .on: "\(layer): on"
        case .notNeeded: "\(layer): not needed"
        case .refused(let errno): "\(layer): refused (errno \(errno))"
        }
    }
}

extension SandboxReport {
    /// Appends the report as it travels.
    package func write(to writer: inout WireWriter) {
        writer.write(UInt8(entries.count))
        for entry in entries {
            writer.write(entry.layer.rawValue)
            switch entry.state {
            case .on: writer.write(UInt8(0))
            case .notNeeded: writer.write(UInt8(1))
            case .refused(let errno):
                writer.write(UInt8(2))
                writer.write(errno)
            }
        }
    }

    /// Reads a report.
    package init(from reader: inout WireReader) throws(WireError) {
        entries = []
        for _ in 0..<(try reader.read(UInt8.self)) {
            let tag = try reader.read(UInt8.self)
            guard let layer = SandboxLayer(rawValue: tag) else {
                throw .unknownTag(tag, in: "sandbox layer")
            }
            switch try reader.read(UInt8.self) {
            case 0: entries.append(Entry(layer, .on))
            case 1: entries.append(Entry(layer, .notNeeded))
            case 2: entries.append(Entry(layer, .refused(errno: try reader.read())))
            case let tag: throw .unknownTag(tag, in: "sandbox layer state")
            }
        }
    }
}
