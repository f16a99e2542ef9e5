#include "config/supervisord/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tierce::config::supervisord {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GroupSettings group_of(std::vector<std::string> names) {
  GroupSettings group;
  group.name = "web";
  for (std::string& name : names) {
    ProcessSettings process;
    process.name = std::move(name);
    process.command = "/bin/a";
    group.processes.push_back(process);
  }
  return group;
}

TEST(Differences, NothingIsSaidOfTheSame) { EXPECT_THAT(differences(group_of({"web"}), group_of({"web"})), IsEmpty()); }

TEST(Differences, NameKeyAndBothValues) {
  GroupSettings after = group_of({"web"});
  after.priority = 5;
  after.processes[0].command = "/bin/b";
  after.processes[0].stopsignal = 3;
  EXPECT_THAT(differences(group_of({"web"}), after),
              ElementsAre("priority: 999 -> 5", "command: '/bin/a' -> '/bin/b'", "stopsignal: SIGTERM -> SIGQUIT"));
}

TEST(Differences, ProcessesThatComeAndGoAreNamed) {
  EXPECT_THAT(differences(group_of({"w1", "w2"}), group_of({"w2", "w3"})), ElementsAre("w3: new", "w1: gone"));
}

TEST(Differences, ValuesOfVariablesAreNotShown) {
  GroupSettings before = group_of({"w1"}), after = group_of({"w1"});
  before.processes[0].environment = {{"A", "secret"}, {"B", "1"}};
  after.processes[0].environment = {{"A", "other"}, {"C", "1"}};
  EXPECT_THAT(differences(before, after), ElementsAre("w1: environment: A has another value",
                                                      "w1: environment: C is new", "w1: environment: B is gone"));
}

TEST(Differences, EverythingThatMakesTwoSettingsUnequalIsSaid) {
  // A field that is compared and not told of would be a change without a reason.
  for (const auto& change : std::vector<void (*)(ProcessSettings&)>{
           [](ProcessSettings& p) { p.umask = 027; }, [](ProcessSettings& p) { p.exitcodes = {2}; },
           [](ProcessSettings& p) {
             p.out.path = "/x";
             p.out.kind = OutputSettings::Kind::kFile;
           },
           [](ProcessSettings& p) { p.err.daily = true; }, [](ProcessSettings& p) { p.health.retries = 9; },
           [](ProcessSettings& p) { p.cron = Schedule{}; }, [](ProcessSettings& p) { p.reload_signal = 1; },
           [](ProcessSettings& p) { p.depends_on = {"x"}; },
           [](ProcessSettings& p) { p.log_format = LogFormat::kJson; }}) {
    GroupSettings after = group_of({"web"});
    change(after.processes[0]);
    EXPECT_EQ(differences(group_of({"web"}), after).size(), 1u);
  }
}

}  // namespace
}  // namespace tierce::config::supervisord
