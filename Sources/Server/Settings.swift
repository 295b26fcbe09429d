internal import Execution
internal import Glibc
internal import Heaps
internal import Logging
internal import WorkerProtocol

/// What the server was told to be, checked and complete.
struct Settings: Sendable {
    /// Where heaps are kept.
    enum Storage: Hashable, Sendable {
        case inMemory
        case files(directoryPath: String)
        case s3(S3StorageSettings)
        /// Nowhere.
        case stateless
    }

    /// Where workers come from.
    enum WorkerOrigin: Hashable, Sendable {
        /// One template is forked for all of them.
        case forked
        /// Each has a template of its own, and a memory layout of its own.
        case separate
    }

    static let directoryPathDefault = "/tmp/mcp-v8-heaps"

    var storage: Storage
    var transport: TransportSettings
    var limits: ExecutionLimits
    /// What holds for all workers together.
    var workerBounds: ControlGroup.Bounds
    var sandbox: SandboxLevel
    var mode: EngineIdentity.Mode
    var workers: WorkerOrigin
    var retention: RetentionPolicy
    /// What heaps are signed with; nil if they are not.
    var signingKeys: SigningKeys?
    var script: ScriptSettings
    var logLevel: Logger.Level
    var logFormat: LogFormat

    /// Checks what the sources say and fills in the defaults.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` with what is wrong and what would be right.
    init(_ sources: OptionSources, coreCount: Int) throws(SettingsError) {
        storage = try Settings.storage(sources)
        transport = try TransportSettings(sources)
        limits = try Settings.limits(sources, coreCount: coreCount)
        workerBounds = try Settings.workerBounds(sources, workersMax: limits.workersMax)
        let asked = try sources.first(Settings.sandbox)
        sandbox = asked?.level ?? .on
        mode = try Settings.mode(sources, isHardened: asked?.mode == .jitless)
        workers =
            try sources.first { _, options in options.sandbox.strict ? .separate : nil } ?? .forked
        if sandbox == .off, case .http(let http) = transport, !http.isLoopback {
            throw .invalid(
                "--sandbox off serves this machine only, and --host is \(http.host): leave one out")
        }
        retention = try Settings.retention(sources, for: storage)
        if let path = sources.value(\.storage.signingKeyFile) {
            signingKeys = try SigningKeys(readingSettingsFile: path)
        }
        script = try ScriptSettings(sources)
        let level = sources.value(\.logLevel) ?? (transport == .stdio ? "warning" : "info")
        guard let logLevel = Logger.Level(rawValue: level) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("--log-level is \"\(level)\"; it must be one of \(known)")
        }
        self.logLevel = logLevel
        let format = sources.value(\.logFormat) ?? LogFormat.text.rawValue
        guard let logFormat = LogFormat(rawValue: format) else {
            throw .invalid("--log-format is \"\(format)\"; it must be text or json")
        }
        self.logFormat = logFormat
    }

    private enum ChosenStorage {
        case inMemory
        case stateless
        case files(String)
        case bucket(String)
    }

    private static func storage(_ sources: OptionSources) throws(SettingsError) -> Storage {
        let chosen = try sources.first(Settings.chosenStorage)
        if case .bucket(let name) = chosen {
            return .s3(try S3StorageSettings(bucket: name, sources))
        }
        // What is said of S3 where there is none was meant otherwise.
        let idle = try sources.first { _, options in options.s3.firstIdle }
        if let idle {
            throw .invalid("\(idle) says something of S3: give --s3-bucket too")
        }
        switch chosen {
        case .inMemory: return .inMemory
        case .stateless: return .stateless
        case .files(let path): return .files(directoryPath: path)
        case .bucket, nil: return .files(directoryPath: directoryPathDefault)
        }
    }

    private static func chosenStorage(
        _ source: String, _ options: ServerOptions
    ) throws(SettingsError) -> ChosenStorage? {
        var chosen: [(flag: String, storage: ChosenStorage)] = []
        if options.storage.inMemory { chosen.append(("--in-memory", .inMemory)) }
        if options.storage.stateless { chosen.append(("--stateless", .stateless)) }
        if let name = options.s3.s3Bucket { chosen.append(("--s3-bucket", .bucket(name))) }
        if let path = options.storage.directoryPath {
            guard !path.isEmpty else { throw .invalid("--directory-path is empty") }
            chosen.append(("--directory-path", .files(path)))
        }
        guard chosen.count <= 1 else {
            let flags = chosen.map(\.flag).joined(separator: " and ")
            throw .invalid("\(flags) contradict each other in \(source): choose one storage")
        }
        return chosen.first?.storage
    }

    private static func sandbox(
        _ source: String, _ options: ServerOptions
    ) throws(SettingsError) -> (level: SandboxLevel, mode: EngineIdentity.Mode)? {
        let flag = options.sandbox.hardened ? "--hardened" : "--require-sandbox"
        let mode: EngineIdentity.Mode = options.sandbox.hardened ? .jitless : .jit
        let isRequired = options.sandbox.hardened || options.sandbox.requireSandbox
        guard let text = options.sandbox.sandbox else {
            return isRequired ? (.required, mode) : nil
        }
        guard let level = SandboxLevel(rawValue: text) else {
            let known = SandboxLevel.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("--sandbox is \"\(text)\"; it must be one of \(known)")
        }
        guard isRequired else { return (level, mode) }
        guard level == .required else {
            throw .invalid("\(flag) and --sandbox \(text) contradict each other in \(source)")
        }
        return (.required, mode)
    }

    private static func mode(
        _ sources: OptionSources, isHardened: Bool
    ) throws(SettingsError) -> EngineIdentity.Mode {
        switch sources.value(\.sandbox.jit) {
        case nil: return isHardened ? .jitless : .jit
        case "off": return .jitless
        case "on" where isHardened:
            throw .invalid("--hardened and --jit on contradict each other: leave one out")
        case "on": return .jit
        case let text?: throw .invalid("--jit is \"\(text)\"; it must be on or off")
        }
    }

    private static func limits(
        _ sources: OptionSources, coreCount: Int
    ) throws(SettingsError) -> ExecutionLimits {
        let hour = 3_600_000
        var limits = ExecutionLimits()
        let timeoutMax = try sources.number(
            \.limits.timeoutMsMax, "--timeout-ms-max", 1...hour, default: 300_000)
        let timeout = try sources.number(
            \.limits.timeoutMs, "--timeout-ms", 1...timeoutMax, default: min(30_000, timeoutMax))
        limits.timeoutMax = .milliseconds(timeoutMax)
        limits.timeoutDefault = .milliseconds(timeout)
        limits.codeByteCountMax = 1 << 20
        limits.heapByteCountMax =
            try sources.number(\.limits.heapMbMax, "--heap-mb-max", 32...4096, default: 256) << 20
        limits.outputByteCountMax = try sources.number(
            \.limits.outputBytesMax, "--output-bytes-max", 1024...(4 << 20), default: 65_536)
        limits.snapshotByteCountMax =
            try sources.number(\.limits.snapshotMbMax, "--snapshot-mb-max", 1...2047, default: 512)
            << 20
        limits.workersMax = try sources.number(
            \.limits.workersMax, "--workers-max", 1...4096, default: coreCount * 8)
        limits.queueCountMax = try sources.number(
            \.limits.queueMax, "--queue-max", 1...10_000, default: 32)
        limits.warmIdle = .seconds(
            try sources.number(
                \.limits.warmIdleSeconds, "--warm-idle-seconds", 1...86_400, default: 300))
        limits.durability = try durability(sources)
        limits.warmByteCountMax =
            try sources.number(
                \.limits.warmMbMax, "--warm-mb-max", 1...(1 << 20),
                default: max(1, (machineByteCount / 4) >> 20)) << 20
        limits.memoryInterval = .seconds(1)
        return limits
    }

    private static func workerBounds(
        _ sources: OptionSources, workersMax: Int
    ) throws(SettingsError) -> ControlGroup.Bounds {
        let megabytes = try sources.number(
            \.limits.workersMbMax, "--workers-mb-max", 64...16_777_216,
            default: max(64, (MemoryBound.memoryByteCount / 4 * 3) >> 20))
        return ControlGroup.Bounds(memoryByteCountMax: megabytes << 20, workersMax: workersMax)
    }

    private static var machineByteCount: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func durability(_ sources: OptionSources) throws(SettingsError) -> Durability {
        guard let text = sources.value(\.limits.durability) else { return .commit }
        guard let durability = Durability(rawValue: text) else {
            let known = Durability.allCases.map(\.rawValue).joined(separator: " or ")
            throw .invalid("--durability is \"\(text)\"; it must be \(known)")
        }
        return durability
    }

    private static func retention(
        _ sources: OptionSources, for storage: Storage
    ) throws(SettingsError) -> RetentionPolicy {
        var retention = RetentionPolicy()
        retention.versionCountPerHeap = try sources.number(
            \.storage.keepVersions, "--keep-versions", 1...10_000, default: 50)
        // Memory is scarcer than disks, and only this process uses it.
        if storage == .inMemory { retention.grace = .seconds(300) }
        return retention
    }
}

extension OptionSources {
    /// The number that the strongest source gives.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` if it is out of its range.
    func number(
        _ option: KeyPath<ServerOptions, Int?>, _ name: String, _ range: ClosedRange<Int>,
        default defaultValue: Int
    ) throws(SettingsError) -> Int {
        let value = value(option) ?? defaultValue
        guard range.contains(value) else {
            throw .invalid(
                "\(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// Why the server cannot start as it was told to.
enum SettingsError: Error, Hashable, CustomStringConvertible {
    /// A text that says what is wrong and what would be right.
    case invalid(String)

    var description: String {
        switch self {
        case .invalid(let text): text
        }
    }
}
