// swift-tools-version: 6.1
import PackageDescription

// The targets, lower lines never import upper ones (docs/architecture.md; checked by scripts/check-arrows):
//
//   program    tandem
//   shells     SIPTransport  Storage  ManagementServer
//   contract   ManagementAPI
//   assembly   SwitchTesting -> SwitchCore
//   call       CallControl
//   domain     Routing  CallRecords
//   protocol   SIPUserAgent -> SIPTransactions -> SIPMessages ; SDP
//   words      Containers -> Vocabulary ; CByteScan (C)

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .unsafeFlags(["-warnings-as-errors"]),
]

/// Code on the packet path: everything below the shells. Exclusivity of class properties is still
/// proved by the compiler and checked in debug builds; the run-time check is left out of release.
let core: [SwiftSetting] =
    strict + [
        .unsafeFlags(["-enforce-exclusivity=unchecked", "-wmo", "-cross-module-optimization"], .when(configuration: .release))
    ]

let package = Package(
    name: "tandem",
    products: [
        .executable(name: "tandem", targets: ["tandem"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // words
        .target(name: "CByteScan", path: "Sources/CByteScan"),
        .target(name: "Vocabulary", dependencies: ["CByteScan"], swiftSettings: core),
        .target(name: "Containers", dependencies: ["Vocabulary"], swiftSettings: core),
        // protocol
        .target(name: "SIPMessages", dependencies: ["Vocabulary", "Containers", "CByteScan"], swiftSettings: core),
        .target(name: "SDP", dependencies: ["Vocabulary"], swiftSettings: core),
        .target(name: "SIPTransactions", dependencies: ["SIPMessages", "Vocabulary", "Containers"], swiftSettings: core),
        .target(name: "SIPUserAgent", dependencies: ["SIPTransactions", "SIPMessages", "SDP", "Vocabulary", "Containers"], swiftSettings: core),
        // domain
        .target(name: "Routing", dependencies: ["Vocabulary", "Containers"], swiftSettings: core),
        .target(name: "CallRecords", dependencies: ["Vocabulary"], swiftSettings: core),
        // call
        .target(
            name: "CallControl",
            dependencies: ["SIPUserAgent", "SIPTransactions", "SIPMessages", "SDP", "Routing", "CallRecords", "Vocabulary", "Containers"],
            swiftSettings: core),
        // assembly
        .target(
            name: "SwitchCore",
            dependencies: [
                "CallControl", "SIPUserAgent", "SIPTransactions", "SIPMessages", "SDP", "Routing", "CallRecords", "Vocabulary", "Containers",
            ], swiftSettings: core),
        .target(
            name: "SwitchTesting",
            dependencies: [
                "SwitchCore", "CallControl", "SIPUserAgent", "SIPTransactions", "SIPMessages", "SDP", "Routing", "CallRecords", "Vocabulary",
                "Containers",
            ], swiftSettings: strict),
        // contract
        .target(name: "ManagementAPI", dependencies: ["CallRecords", "Routing", "Vocabulary"], swiftSettings: strict),
        // shells
        .target(name: "CSys", path: "Sources/CSys", linkerSettings: [.linkedLibrary("resolv")]),
        .target(
            name: "SIPTransport",
            dependencies: [
                "CSys", "SwitchCore", "SIPUserAgent", "SIPMessages", "CallRecords", "Routing", "Vocabulary", "Containers",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: core),
        .target(
            name: "Storage",
            dependencies: [
                "CallRecords", "Routing", "ManagementAPI", "Vocabulary",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: core),
        .target(
            name: "ManagementServer",
            dependencies: [
                "ManagementAPI", "CallRecords", "Routing", "Vocabulary",
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // program
        .executableTarget(
            name: "tandem",
            dependencies: [
                "ManagementServer", "ManagementAPI", "Storage", "SIPTransport", "SwitchTesting", "SwitchCore", "SIPTransactions", "CallRecords",
                "Routing", "Vocabulary",
                .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Yams", package: "Yams"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // benchmarks
        .target(name: "CAllocationCount", path: "Sources/CAllocationCount"),
        .executableTarget(
            name: "tandem-bench", dependencies: ["SwitchCore", "CallRecords", "Routing", "SIPMessages", "SDP", "Vocabulary", "CAllocationCount"],
            swiftSettings: core),

        // tests, folder by folder as the sources
        .testTarget(name: "VocabularyTests", dependencies: ["Vocabulary"], swiftSettings: strict),
        .testTarget(name: "ContainersTests", dependencies: ["Containers", "Vocabulary"], swiftSettings: strict),
        .testTarget(name: "SIPMessagesTests", dependencies: ["SIPMessages", "SDP", "Vocabulary"], exclude: ["Torture"], swiftSettings: strict),
        .testTarget(name: "SDPTests", dependencies: ["SDP", "Vocabulary"], swiftSettings: strict),
        .testTarget(
            name: "SIPTransactionsTests", dependencies: ["SIPTransactions", "SIPMessages", "Containers", "Vocabulary"], swiftSettings: strict),
        .testTarget(
            name: "SIPUserAgentTests", dependencies: ["SIPUserAgent", "SIPTransactions", "SIPMessages", "Containers", "Vocabulary"],
            swiftSettings: strict),
        .testTarget(name: "RoutingTests", dependencies: ["Routing", "Containers", "Vocabulary"], swiftSettings: strict),
        .testTarget(name: "CallRecordsTests", dependencies: ["CallRecords", "Vocabulary"], swiftSettings: strict),
        .testTarget(
            name: "CallControlTests",
            dependencies: ["CallControl", "SIPUserAgent", "SIPTransactions", "SIPMessages", "Routing", "CallRecords", "Containers", "Vocabulary"],
            swiftSettings: strict),
        .testTarget(
            name: "SwitchCoreTests",
            dependencies: [
                "SwitchCore", "CallControl", "SIPUserAgent", "SIPTransactions", "SIPMessages", "Routing", "CallRecords", "Containers", "Vocabulary",
            ], swiftSettings: strict),
        .testTarget(
            name: "SwitchTestingTests", dependencies: ["SwitchTesting", "SwitchCore", "SIPMessages", "Routing", "CallRecords", "Vocabulary"],
            swiftSettings: strict),
        .testTarget(
            name: "ScenarioTests",
            dependencies: ["SwitchTesting", "SwitchCore", "SIPTransactions", "SIPMessages", "Routing", "CallRecords", "Vocabulary"],
            swiftSettings: strict),
        .testTarget(
            name: "SIPTransportTests",
            dependencies: [
                "SIPTransport", "SwitchCore", "SIPUserAgent", "SIPMessages", "CallRecords", "Routing", "Vocabulary",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "ManagementAPI", "CallRecords", "Vocabulary", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),
        .testTarget(
            name: "ManagementAPITests",
            dependencies: ["ManagementAPI", "CallControl", "Routing", "SIPTransactions", "CallRecords", "Vocabulary"],
            swiftSettings: strict),
        .testTarget(
            name: "ManagementServerTests",
            dependencies: [
                "ManagementServer", "ManagementAPI", "Routing", "CallRecords", "Vocabulary",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "TandemTests",
            dependencies: [
                "tandem", "Storage", "SwitchCore", "ManagementServer", "ManagementAPI", "Routing", "CallRecords", "Vocabulary",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
    ]
)
