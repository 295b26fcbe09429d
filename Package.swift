// swift-tools-version: 6.2
import Foundation
import PackageDescription

// V8 comes from Debian's libnode: from V8_PREFIX, from .deps/ (where scripts/install-dependencies
// unpacks it beside a Node of the machine's own), or from /usr.
#if arch(arm64)
    let triple = "aarch64-linux-gnu"
#else
    let triple = "x86_64-linux-gnu"
#endif

let v8Prefix: String = {
    if let prefix = Context.environment["V8_PREFIX"] { return prefix }
    let unpacked = Context.packageDirectory + "/.deps/usr"
    return FileManager.default.fileExists(atPath: unpacked + "/include/node/v8.h")
        ? unpacked : "/usr"
}()
let v8Libraries = "\(v8Prefix)/lib/\(triple)"

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
]

// A release has Swift's libraries in it: calls into them cost less, a fork copies fewer mappings,
// and it runs where there is no Swift.
let staticSwift = LinkerSetting.unsafeFlags(["-static-stdlib"], .when(configuration: .release))
// The worker's code begins where a huge page can.
let hugePages = LinkerSetting.unsafeFlags(
    ["-Xlinker", "-z", "-Xlinker", "max-page-size=0x200000"], .when(configuration: .release))
let staticFoundation = [
    "CoreFoundation", "_FoundationICU", "_FoundationCollections", "_FoundationCShims",
].map { LinkerSetting.linkedLibrary($0, .when(configuration: .release)) }

let package = Package(
    name: "mcp-v8",
    products: [
        .executable(name: "mcp-v8", targets: ["Server"]),
        .executable(name: "mcp-v8-worker", targets: ["Worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        // The worker's side: no Foundation, no NIO, no async.
        .target(
            name: "CV8",
            dependencies: ["CBaseHeap"],
            cxxSettings: [
                // V8's own headers: not at a path that the compiler knows, and built without RTTI.
                .unsafeFlags([
                    "-isystem", "\(v8Prefix)/include/node", "-fno-rtti", "-fno-exceptions",
                ])
            ],
            linkerSettings: [
                .linkedLibrary("node"),
                .unsafeFlags(["-L\(v8Libraries)", "-Xlinker", "-rpath", "-Xlinker", v8Libraries]),
            ]
        ),
        .target(name: "CBaseHeap", exclude: ["JavaScript"]),
        .target(name: "CSandbox"),
        .target(name: "V8", dependencies: ["CV8", "WorkerProtocol"], swiftSettings: swiftSettings),
        .target(
            name: "Sandbox", dependencies: ["CSandbox", "WorkerProtocol"],
            swiftSettings: swiftSettings
        ),
        .target(name: "WorkerProtocol", swiftSettings: swiftSettings),
        .executableTarget(
            name: "Worker",
            dependencies: ["V8", "Sandbox", "CSandbox", "WorkerProtocol"],
            swiftSettings: swiftSettings,
            linkerSettings: [staticSwift, hugePages]
        ),

        // The server's side: never V8.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "S3",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Heaps",
            dependencies: [
                "CZstd",
                "S3",
                "WorkerProtocol",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Execution",
            dependencies: [
                "CSandbox",
                "Heaps",
                "WorkerProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MCP",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MCPClient",
            dependencies: [
                "CSandbox",
                "MCP",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "UpstreamTools", dependencies: ["MCP", "MCPClient"],
            swiftSettings: swiftSettings),
        .target(name: "Transports", dependencies: ["MCP"], swiftSettings: swiftSettings),
        .target(
            name: "HTTPTransports",
            dependencies: [
                "MCP",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "TypeScript",
            dependencies: ["CSandbox", .product(name: "NIOPosix", package: "swift-nio")],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "Server",
            dependencies: [
                "CSandbox",
                "Execution",
                "HTTPTransports",
                "Heaps",
                "MCP",
                "S3",
                "Transports",
                "TypeScript",
                "WorkerProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings,
            linkerSettings: [staticSwift] + staticFoundation
        ),

        .target(
            name: "FuzzTargets",
            dependencies: [
                "HTTPTransports", "Heaps", "MCP", "Server", "WorkerProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "FuzzTesting/Targets"
        ),
        // A program is linked to tests that name it themselves only.
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "Server"]),
        .target(name: "CAttacks", path: "Tests/CAttacks"),
        .executableTarget(
            name: "ToolAttacks", dependencies: ["CAttacks"], path: "Tests/ToolAttacks",
            // As esbuild, it has the libraries of the system only.
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        .executableTarget(
            name: "SandboxAttacks",
            dependencies: ["CAttacks", "CSandbox", "Sandbox", "ToolAttacks", "WorkerProtocol"],
            path: "Tests/SandboxAttacks",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "SandboxTests", dependencies: ["Sandbox", "SandboxAttacks", "WorkerProtocol"]),
        .testTarget(name: "WorkerProtocolTests", dependencies: ["WorkerProtocol"]),
        .testTarget(
            name: "V8Tests", dependencies: ["V8", "WorkerProtocol"], exclude: ["Fixtures"]),
        .target(
            name: "ScriptedS3",
            dependencies: [
                "S3",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/ScriptedS3"
        ),
        .testTarget(
            name: "S3Tests",
            dependencies: [
                "S3", "ScriptedS3", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "HeapsTests",
            dependencies: [
                "Heaps", "S3", "ScriptedS3", "WorkerProtocol",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "ExecutionTests",
            dependencies: [
                "CSandbox", "Execution", "Heaps", "WorkerProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "MCPTests", dependencies: ["MCP"]),
        .testTarget(
            name: "MCPClientTests",
            dependencies: [
                "MCP", "MCPClient",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .testTarget(
            name: "UpstreamToolsTests", dependencies: ["MCP", "MCPClient", "UpstreamTools"],
            exclude: ["Fixtures"]),
        .testTarget(name: "TransportsTests", dependencies: ["MCP", "Transports"]),
        .testTarget(
            name: "HTTPTransportsTests",
            dependencies: [
                "HTTPTransports", "MCP",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(name: "TypeScriptTests", dependencies: ["TypeScript"]),
        .testTarget(name: "TidyTests"),
    ],
    cxxLanguageStandard: .cxx17
)

// The server is a library here, with a main function of another name. libFuzzer is guided by what
// is run of this package, not of others.
if Context.environment["MCP_V8_FUZZ"] != nil {
    let entryPoint = ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "server_main"]
    let coverage = ["-sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp"]
    package.products.removeAll { $0.name == "mcp-v8" }
    package.targets = package.targets.map { target in
        guard target.name == "Server" else { return target }
        return .target(
            name: target.name, dependencies: target.dependencies,
            swiftSettings: swiftSettings + [.unsafeFlags(entryPoint)])
    }
    for target in package.targets where target.type == .regular {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(coverage)]
    }
    package.targets.append(
        .executableTarget(
            name: "mcp-v8-fuzz", dependencies: ["FuzzTargets"], path: "FuzzTesting/Main",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]))
}
