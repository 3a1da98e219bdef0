import ArgumentParser
import ManagementAPI

extension ObjectKind: ExpressibleByArgument {
    public init?(argument: String) { self.init(typed: argument) }
    public var defaultValueDescription: String { rawValue }
    public static var allValueStrings: [String] { names }
}

/// `tandem export`: every object as documents that `apply` takes.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print all objects as YAML documents that apply takes.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let items = try await connection.client().ask(.listObjects).items
        switch output.format ?? .yaml {
        case .yaml: Console.current.write(.output, DocumentNode.yaml(documents: items))
        case .json, .table, .csv: Console.current.print(Listing(items, columns: Export.columns), output)
        }
    }

    static let columns = [Listing.Column("KIND", "kind"), Listing.Column("NAME", "name")]
}

/// `tandem get`: the objects of a kind, or one of them.
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the objects of a kind, or one object.")

    @Argument(help: "The kind.")
    var kind: ObjectKind
    @Argument(help: "The name.")
    var name: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let client = try connection.client()
        if let name {
            let object = try await client.ask(.getObject, ["kind": kind.rawValue, "name": name]).document
            Console.current.print(object, output, otherwise: .yaml)
        } else {
            let items = try await client.ask(.listObjectsOfKind, ["kind": kind.rawValue]).items
            // A table has what differs from object to object or from what is usual; CSV has every field.
            let fields = kind.fieldDescriptions
            let told = fields.filter { field in field.isRequired || items.contains { $0[field.name] != field.usual } }
            let column: (FieldDescription) -> Listing.Column = { Listing.Column($0.name.uppercased(), $0.name) }
            let name = Listing.Column("NAME", "name")
            Console.current.print(Listing(items, columns: [name] + told.map(column), fullColumns: [name] + fields.map(column)), output)
        }
    }
}

/// `tandem delete`: removes one object.
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete one object.")

    @Argument(help: "The kind.")
    var kind: ObjectKind
    @Argument(help: "The name.")
    var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let answer = try await connection.client().ask(.deleteObject, ["kind": kind.rawValue, "name": name])
        ChangeReport.print(answer.document, output)
    }
}
