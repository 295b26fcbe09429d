import CSandbox
import Glibc
import Sandbox
import V8
import WorkerProtocol

/// Runs in place of the main function of the program that V8 is in.
@c(cv8_main)
func begin(
    argumentCount: Int32, arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    let words = unsafe UnsafeBufferPointer(start: arguments, count: Int(argumentCount))
    unsafe Worker.main(
        arguments: words.dropFirst().compactMap { word in
            unsafe word.map { unsafe String(cString: $0) }
        })
    return 0
}

/// `mcp-v8-worker`: the template that workers are forked from, started by `mcp-v8` only.
///
/// Descriptor 3 is its control socket to the server. It speaks ``TemplateMessage``s there and ends
/// with it.
enum Worker {
    /// What writable memory a worker may have beyond V8's heap, as a multiple of it: array buffers,
    /// and a snapshot.
    private static let dataPerHeapByte: UInt64 = 4
    /// How many isolates a worker may have at a time: one of each kind, which its template has
    /// opened, and one on a stored snapshot.
    private static let isolateCountMax: UInt64 = 3

    /// What the server says on the command line.
    struct Settings {
        var heapByteCountMax: UInt64 = 256 << 20
        var mode = EngineIdentity.Mode.jit
        var sandbox = SandboxLevel.on
        var timeZone = "UTC"
        /// Whether code and malloc's memory are to lie in huge pages, some 50 MiB of them.
        var hasHugePages = false

        init(arguments: [String]) throws(WorkerError) {
            var rest = arguments[...]
            while let name = rest.popFirst() {
                guard let value = rest.popFirst() else { throw .badArgument(name) }
                switch (name, value) {
                case ("--heap-byte-count-max", let text):
                    guard let count = UInt64(text), count >= 16 << 20 else {
                        throw .badArgument(name)
                    }
                    heapByteCountMax = count
                case ("--mode", "jit"): mode = .jit
                case ("--mode", "jitless"): mode = .jitless
                case ("--sandbox", let text):
                    guard let level = SandboxLevel(rawValue: text) else {
                        throw .badArgument(name)
                    }
                    sandbox = level
                case ("--time-zone", let name): timeZone = name
                case ("--pages", "huge"): hasHugePages = true
                case ("--pages", "small"): hasHugePages = false
                default: throw .badArgument(name)
                }
            }
        }
    }

    static func main(arguments: [String]) {
        guard unsafe access("/proc/self/maps", R_OK) == 0 else {
            report("mcp-v8-worker: /proc cannot be read: mount it (mount -t proc proc /proc)\n")
            exit(1)
        }
        do {
            let settings = try Settings(arguments: arguments)
            try serve(settings)
        } catch WorkerError.serverGone {
            exit(0)
        } catch WorkerError.unknownTimeZone(let name) {
            report("mcp-v8-worker: there is no time zone \"\(name)\" (--time-zone)\n")
            exit(1)
        } catch WorkerError.system(let what, let errno) {
            let reason = unsafe errno == 0 ? "not possible" : String(cString: strerror(errno))
            report("mcp-v8-worker: \(what): \(reason)\n")
            exit(1)
        } catch WorkerError.sandbox(let error) {
            report("mcp-v8-worker: \(error)\n")
            exit(1)
        } catch {
            report("mcp-v8-worker: \(error)\n")
            exit(1)
        }
    }

    private static func serve(_ settings: Settings) throws(WorkerError) {
        csandbox_keep_freed_memory()
        if let problem = Engine.prepare() { throw .foreignEngine(problem) }
        // Beside all that follows: it takes a tenth of that.
        let ranges = Engine.codeParts.map {
            csandbox_range(start: $0.lowerBound, end: $0.upperBound)
        }
        let copies =
            settings.hasHugePages ? unsafe csandbox_copy_code(ranges, ranges.count) : nil
        // Before anything asks what time it is.
        unsafe setenv("TZ", settings.timeZone, 1)
        let options = Engine.Options(
            heapByteCountMax: settings.heapByteCountMax, mode: settings.mode)
        if let problem = Engine.start(options) { throw .foreignEngine(problem) }
        guard let baseHeap = Engine.makeBaseHeap(), Engine.warmUp(baseHeap) else {
            throw .baseHeapFailed
        }
        guard Engine.knowsTimeZone(settings.timeZone, baseHeap) else {
            throw .unknownTimeZone(settings.timeZone)
        }
        for finding in Engine.tryOut(baseHeap, mode: settings.mode) {
            guard case .weaker(let what) = finding else { throw .brokenEngine(finding) }
            report("mcp-v8-worker: this V8 is not quite as it should be: \(what)\n")
        }
        let limits = ResourceLimits(
            dataByteCountMax: settings.heapByteCountMax * dataPerHeapByte
                + Engine.codeByteCountMax(settings.mode) * isolateCountMax)
        let template = try unsafe Template(
            baseHeap: baseHeap, mode: settings.mode, copies: copies,
            confinement: Confinement(
                level: settings.sandbox, mode: settings.mode, limits: limits))
        try template.run()
    }
}

/// Why a template or a worker cannot go on.
enum WorkerError: Error {
    /// An argument is unknown or has no value that makes sense.
    case badArgument(String)
    /// This is another engine than the program was built for.
    case foreignEngine(String)
    /// What heaps rely on does not hold in it.
    case brokenEngine(Engine.Finding)
    /// V8 here cannot make or restore the heap that every heap starts from.
    case baseHeapFailed
    /// V8 knows no such time zone.
    case unknownTimeZone(String)
    /// The kernel refused something.
    case system(String, errno: Int32)
    /// Workers cannot be confined.
    case sandbox(SandboxError)
    /// The server sent what is not a message.
    case wire(WireError)
    /// The process that holds the workers' process namespace was ended, and they with it.
    case namespaceEnded
    /// The server is gone.
    case serverGone
}

extension WorkerError: CustomStringConvertible {
    var description: String {
        switch self {
        case .badArgument(let name): "the argument \(name) is unknown, or its value makes no sense"
        case .foreignEngine(let problem): problem
        case .brokenEngine(let finding): "V8 is not as it should be: \(finding)"
        case .baseHeapFailed: "V8 cannot make or restore the heap that every heap starts from"
        case .unknownTimeZone(let name): "there is no time zone \"\(name)\""
        case .system(let call, let code): "the system refused \(call): error \(code)"
        case .sandbox(let error): "\(error)"
        case .wire(let error): "what the server sent is no message: \(error)"
        case .namespaceEnded: "the process that held the workers' namespace was ended"
        case .serverGone: "the server is gone"
        }
    }
}

/// Writes to standard error: the server's log, or a worker's diagnostics file.
func report(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in _ = unsafe write(STDERR_FILENO, utf8.baseAddress, utf8.count) }
}
