import CallControl
import ManagementAPI
import Testing

/// Reports read decision records by the names under which the core writes them.
@Suite struct RuleNameTests {
    @Test("the rule that counts as timer support is the core's session timer rule, and no other")
    func timerRule() {
        #expect(CallRule.allCases.filter { $0.name == TimerSupport.timerRule } == [.sessionTimer])
    }
}
