import Yams
import ArgumentParser
@main struct Tandem { static func main() { print(1) } }
