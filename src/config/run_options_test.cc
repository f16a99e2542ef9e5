#include "config/run_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tierce::config {
namespace {

using namespace std::chrono_literals;

class RunOptions : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PORT", "WEB_CONCURRENCY", "TMPDIR"}) ::unsetenv(name);
  }
};

RunSettings parsed(std::vector<std::string> arguments) {
  arguments.emplace_back("app:app");
  auto settings = parse_run_options(arguments);
  EXPECT_TRUE(settings.has_value()) << settings.error().text();
  return settings ? *settings : RunSettings{};
}

std::string refused(std::vector<std::string> arguments) {
  arguments.emplace_back("app:app");
  const auto settings = parse_run_options(arguments);
  EXPECT_FALSE(settings.has_value());
  return settings ? "" : settings.error().text();
}

TEST_F(RunOptions, TakesAValueInEveryFormOfGunicorn) {
  for (const std::vector<std::string>& form :
       std::vector<std::vector<std::string>>{{"-w", "4"}, {"-w4"}, {"--workers", "4"}, {"--workers=4"}}) {
    EXPECT_EQ(parsed(form).workers, 4u) << form.front();
  }
}

TEST_F(RunOptions, ListensWhereTheEnvironmentSays) {
  EXPECT_EQ(parsed({}).binds, std::vector<std::string>{"127.0.0.1:8000"});
  ::setenv("PORT", "9000", 1);
  EXPECT_EQ(parsed({}).binds, std::vector<std::string>{"0.0.0.0:9000"});
  EXPECT_EQ(parsed({"-b", ":1"}).binds, std::vector<std::string>{":1"}) << "what is asked for goes first";
}

TEST_F(RunOptions, TakesTheWorkersFromTheEnvironmentUnlessAskedForOthers) {
  ::setenv("WEB_CONCURRENCY", "3", 1);
  EXPECT_EQ(parsed({}).workers, 3u);
  EXPECT_EQ(parsed({"-w", "2"}).workers, 2u);
  ::setenv("WEB_CONCURRENCY", "many", 1);
  EXPECT_NE(refused({}).find("WEB_CONCURRENCY"), std::string::npos);
}

TEST_F(RunOptions, ReadsFractionsOfSeconds) {
  EXPECT_EQ(parsed({"--timeout", "0.25"}).edge.request_timeout, 250ms);
  EXPECT_EQ(parsed({"--timeout", "0"}).edge.request_timeout, 0ms);
  EXPECT_EQ(parsed({"--timeout", "0.0001"}).edge.request_timeout, 1ms) << "not 0, which is no limit";
}

TEST_F(RunOptions, ReadsSizesAsNginxDoes) {
  EXPECT_EQ(parsed({"--client-max-body-size", "2k"}).edge.body_bytes_max, 2048u);
  EXPECT_EQ(parsed({"--client-max-body-size", "3M"}).edge.body_bytes_max, 3u << 20);
  EXPECT_EQ(parsed({"--client-max-body-size", "1g"}).edge.body_bytes_max, 1u << 30);
}

TEST_F(RunOptions, RefusesValuesThatMeanNothing) {
  const std::vector<std::vector<std::string>> wrong = {{"-w", "0"},
                                                       {"-w", "four"},
                                                       {"-w", "-1"},
                                                       {"--timeout", "-1"},
                                                       {"--timeout", "nan"},
                                                       {"--timeout", "inf"},
                                                       {"--umask", "9"},
                                                       {"--umask", "7777"},
                                                       {"--client-max-body-size", "1t"},
                                                       {"--env", "NOVALUE"},
                                                       {"--log-level", "loud"},
                                                       {"--client-max-body-size", "99999999999g"},
                                                       {"--reload=yes"},
                                                       {"-w", ""}};
  for (const auto& arguments : wrong) {
    EXPECT_NE(refused(arguments), "") << arguments.front();
  }
}

TEST_F(RunOptions, NamesTheOptionThatWasMeant) {
  EXPECT_NE(refused({"--worker", "4"}).find("--workers"), std::string::npos);
  EXPECT_NE(refused({"--gracefull-timeout", "4"}).find("--graceful-timeout"), std::string::npos);
  EXPECT_EQ(refused({"--zzzzzz"}).find("did you mean"), std::string::npos) << "nothing is near";
}

TEST_F(RunOptions, TakesWhoMustSendAProxyHeader) {
  EXPECT_FALSE(parsed({}).edge.proxy_protocol);
  const RunSettings settings = parsed({"--proxy-protocol", "--proxy-allow-from", "10.0.0.5, ::1"});
  EXPECT_TRUE(settings.edge.proxy_protocol);
  EXPECT_EQ(settings.edge.proxy_allow_from, (std::vector<std::string>{"10.0.0.5", "::1"}));
}

TEST_F(RunOptions, WantsOneApplication) {
  EXPECT_FALSE(parse_run_options({}).has_value());
  EXPECT_FALSE(parse_run_options({"a:a", "b:b"}).has_value());
}

TEST_F(RunOptions, SaysNamesOnlyOnce) {
  std::vector<std::string> seen;
  for (const RunOption& option : run_options()) {
    std::string names(option.names);
    for (std::size_t at = 0; at < names.size();) {
      const std::size_t end = std::min(names.find(',', at), names.size());
      seen.push_back(names.substr(at, end - at));
      at = end + 1;
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_F(RunOptions, AreWhatTheReferenceSays) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../docs/options.md";
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, run_help_markdown()) << "tierce run --help-markdown > docs/options.md";
}

}  // namespace
}  // namespace tierce::config
