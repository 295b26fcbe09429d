internal import Execution
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

    /// Checks what the options say together.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` with what is wrong and what would be right.
    init(_ options: Options) throws(SettingsError) {
        storage = try Settings.storage(options)
        transport = try TransportSettings(options)
        limits = try Settings.limits(options)
        workerBounds = ControlGroup.Bounds(
            memoryByteCountMax: options[\.limits.workersMbMax], workersMax: limits.workersMax)
        let asked = try Settings.sandbox(options)
        sandbox = asked.level
        mode = asked.mode
        workers = options[\.sandbox.strict] ? .separate : .forked
        if sandbox == .off, case .http(let http) = transport, !http.isLoopback {
            throw .invalid(
                "\(options.spelling(\.sandbox.sandbox)) off serves this machine only, and "
                    + "\(options.spelling(\.http.host)) is \(http.host): leave one out")
        }
        retention = RetentionPolicy()
        retention.versionCountPerHeap = options[\.storage.keepVersions]
        // Memory is scarcer than disks, and only this process uses it.
        if storage == .inMemory { retention.grace = .seconds(300) }
        if let path = options[\.storage.signingKeyFile] {
            signingKeys = try SigningKeys(
                readingSettingsFile: path, of: options.spelling(\.storage.signingKeyFile))
        }
        script = try ScriptSettings(options)
        logLevel = options[\.log.logLevel]
        logFormat = options[\.log.logFormat]
    }

    private static func storage(_ options: Options) throws(SettingsError) -> Storage {
        let (storage, s3) = (OptionTable.all.storage, OptionTable.all.s3)
        let chosen = options.strongest(of: [
            storage.inMemory.facts, storage.stateless.facts, s3.s3Bucket.facts,
            storage.directoryPath.facts,
        ])
        guard chosen.count <= 1 else {
            let names = chosen.map(options.spelling).joined(separator: " and ")
            throw .invalid("\(names) contradict each other: choose one storage")
        }
        if chosen.first == s3.s3Bucket.facts, let bucket = options[\.s3.s3Bucket] {
            return .s3(try S3StorageSettings(bucket: bucket, options))
        }
        // What is said of S3 where there is none was meant otherwise.
        let idle = OptionTable.options(of: S3Options.self).first {
            $0 != s3.s3Bucket.facts && options.isGiven($0)
        }
        if let idle {
            throw .invalid("\(options.spelling(idle)) says something of S3: give --s3-bucket too")
        }
        switch chosen.first {
        case storage.inMemory.facts: return .inMemory
        case storage.stateless.facts: return .stateless
        default: return .files(directoryPath: options[\.storage.directoryPath])
        }
    }

    private static func sandbox(
        _ options: Options
    ) throws(SettingsError) -> (level: SandboxLevel, mode: EngineIdentity.Mode) {
        let table = OptionTable.all.sandbox
        let asked = options.strongest(of: [
            table.sandbox.facts, table.hardened.facts, table.requireSandbox.facts,
        ])
        let isHardened = asked.contains(table.hardened.facts)
        if isHardened, options.isGiven(\.sandbox.jit), options[\.sandbox.jit] == .on {
            throw .invalid(
                "\(options.spelling(\.sandbox.hardened)) and \(options.spelling(\.sandbox.jit)) on "
                    + "contradict each other: leave one out")
        }
        let mode: EngineIdentity.Mode =
            isHardened || options[\.sandbox.jit] == .off ? .jitless : .jit
        let demanding = asked.last { $0 != table.sandbox.facts }
        guard asked.contains(table.sandbox.facts) else {
            return (demanding == nil ? .on : .required, mode)
        }
        let level = options[\.sandbox.sandbox]
        if let demanding, level != .required {
            throw .invalid(
                "\(options.spelling(demanding)) and \(options.spelling(\.sandbox.sandbox)) "
                    + "\(level.rawValue) contradict each other: leave one out")
        }
        return (level, mode)
    }

    private static func limits(_ options: Options) throws(SettingsError) -> ExecutionLimits {
        var limits = ExecutionLimits(
            workersMax: options[\.limits.workersMax],
            warmByteCountMax: options[\.limits.warmMbMax])
        limits.timeoutMax = options[\.limits.timeoutMsMax]
        limits.timeoutDefault = options[\.limits.timeoutMs]
        guard limits.timeoutDefault <= limits.timeoutMax else {
            throw .invalid(
                "\(options.saying(\.limits.timeoutMs)); it must be at most "
                    + "\(options.saying(\.limits.timeoutMsMax))")
        }
        limits.heapByteCountMax = options[\.limits.heapMbMax]
        limits.outputByteCountMax = options[\.limits.outputBytesMax]
        limits.snapshotByteCountMax = options[\.limits.snapshotMbMax]
        limits.queueCountMax = options[\.limits.queueMax]
        limits.warmIdle = options[\.limits.warmIdleSeconds]
        limits.durability = options[\.limits.durability]
        return limits
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
