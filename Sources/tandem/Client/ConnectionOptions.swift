import ArgumentParser
import Foundation
import ManagementServer

/// How a command finds the switch: by its boot file, or by address and token file.
struct ConnectionOptions: ParsableArguments {
    @Option(name: .long, help: "The switch's boot file. Otherwise ./tandem.yaml or /etc/tandem/tandem.yaml.")
    var config: String?

    @Option(name: .long, help: "Address of the management interface, such as http://127.0.0.1:8080; wants --token-file.")
    var server: String?

    @Option(name: .long, help: "File with the management token.")
    var tokenFile: String?

    func validate() throws {
        if server != nil, tokenFile == nil {
            throw ValidationError("--server wants --token-file too")
        }
        if server != nil, config != nil {
            throw ValidationError("give either --config or --server, not both")
        }
    }

    /// The data folder of the switch, where its boot file is at hand; nil when it may run elsewhere.
    func dataFolder() throws -> String? { server == nil ? try BootFile.find(config).dataFolder : nil }

    func client() throws -> ManagementClient {
        let address: String
        let tokenPath: String
        if let server, let tokenFile {
            (address, tokenPath) = (server, tokenFile)
        } else {
            let bootFile = try BootFile.find(config)
            (address, tokenPath) = (bootFile.managementURL, tokenFile ?? bootFile.tokenFile)
        }
        guard let url = URL(string: address), url.scheme == "http" || url.scheme == "https", url.host != nil else {
            throw CommandFailure(.wrongUsage, "\(address) is no address such as http://127.0.0.1:8080")
        }
        do {
            return ManagementClient(base: url, token: try ManagementTokenFile.read(at: tokenPath))
        } catch {
            throw CommandFailure(.failed, error.description)
        }
    }
}
