import ManagementAPI
import Yams

/// Reads a YAML stream (or JSON, which is YAML too) into documents with positions.
enum YAMLDocuments {
    /// Most nodes of one text, aliases counted each time they are used: a few lines of nested
    /// aliases would otherwise unfold without end.
    private static let mostNodes = 200_000
    private static let deepest = 64

    static func read(_ text: String) throws(DocumentSyntaxError) -> [DocumentNode] {
        var remaining = mostNodes
        var documents: [DocumentNode] = []
        do {
            let parser = try Parser(yaml: text)
            while let root = try parser.nextRoot() {
                documents.append(try node(root, depth: 0, remaining: &remaining))
            }
        } catch let error as DocumentSyntaxError {
            throw error
        } catch let error as YamlError {
            throw syntaxError(error)
        } catch {
            throw DocumentSyntaxError("the text is not YAML: \(error)", at: SourcePosition(line: 1, column: 1))
        }
        return documents
    }

    private static func node(_ node: Node, depth: Int, remaining: inout Int) throws(DocumentSyntaxError) -> DocumentNode {
        let position = position(node.mark)
        remaining -= 1
        guard remaining >= 0 else { throw DocumentSyntaxError("the text has more than \(mostNodes) values", at: position) }
        guard depth <= deepest else { throw DocumentSyntaxError("more than \(deepest) levels of nesting", at: position) }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return DocumentNode(.scalar(.init(scalar.string, style: isPlain ? .plain : .quoted)), at: position)
        case .sequence(let sequence):
            var elements: [DocumentNode] = []
            for element in sequence { elements.append(try self.node(element, depth: depth + 1, remaining: &remaining)) }
            return DocumentNode(.sequence(elements), at: position)
        case .mapping(let mapping):
            var entries: [DocumentNode.Entry] = []
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key else {
                    throw DocumentSyntaxError("a key must be a single word", at: self.position(key.mark))
                }
                entries.append(
                    .init(
                        scalar.string, try self.node(value, depth: depth + 1, remaining: &remaining), keyPosition: self.position(scalar.mark)))
            }
            return DocumentNode(.mapping(entries), at: entries.first?.keyPosition ?? position)
        case .alias:
            throw DocumentSyntaxError("an alias that stands for nothing", at: position)
        }
    }

    private static func position(_ mark: Mark?) -> SourcePosition {
        mark.map { SourcePosition(line: $0.line, column: $0.column) } ?? .none
    }

    private static func syntaxError(_ error: YamlError) -> DocumentSyntaxError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            DocumentSyntaxError("not YAML: \(problem)", at: position(mark))
        case .duplicatedKeysInMapping(let duplicates, let context):
            DocumentSyntaxError("the key \"\(duplicates.first ?? "")\" stands twice", at: position(context.mark))
        case .reader(let problem, _, _, _):
            DocumentSyntaxError("not YAML: \(problem)", at: SourcePosition(line: 1, column: 1))
        default:
            DocumentSyntaxError("not YAML: \(error)", at: SourcePosition(line: 1, column: 1))
        }
    }
}
