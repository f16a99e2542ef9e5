#include "edge/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tierce::edge {
namespace {

constexpr std::time_t kWhen = 1'700'000'000;  // 2023-11-14 22:13:20 UTC
constexpr std::uint64_t kMs = 1'000'000;

const AccessRecord kPlain = {.remote_address = "192.0.2.7",
                             .remote_user = "",
                             .request_line = "GET /a?b HTTP/1.1",
                             .status = 200,
                             .body_bytes = 12,
                             .referer = "http://example/",
                             .user_agent = "curl/8"};

AccessLogFormat combined() { return *AccessLogFormat::parse(AccessLogFormat::kCombined); }

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    char directory[] = "/tmp/tierce-access-XXXXXX";
    directory_ = ::mkdtemp(directory);
    path_ = directory_ + "/access.log";
    ::signal(SIGPIPE, SIG_IGN);  // As the supervisor does for all it forks.
  }
  ~AccessLogTest() override {
    ::unlink(path_.c_str());
    ::unlink((path_ + ".1").c_str());
    ::rmdir(directory_.c_str());
  }
  static std::string contents(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string written() const { return contents(path_); }
  std::string line_of(const AccessRecord& record) const {
    AccessLog log = *AccessLog::open(path_, combined());
    log.add(record, kWhen);
    log.flush();
    std::string line = written();
    EXPECT_EQ(::truncate(path_.c_str(), 0), 0);
    return line;
  }

  std::string directory_, path_;
};

TEST_F(AccessLogTest, WritesTheCombinedFormat) {
  EXPECT_EQ(line_of(kPlain),
            "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /a?b HTTP/1.1\" 200 12 \"http://example/\" \"curl/8\"\n");
}

TEST_F(AccessLogTest, WritesADashForWhatIsNotKnown) {
  EXPECT_EQ(line_of({.status = 400}), "- - - [14/Nov/2023:22:13:20 +0000] \"-\" 400 0 \"-\" \"-\"\n");
}

TEST_F(AccessLogTest, NoClientCanEndALineOrAFieldOrSendATerminalSequence) {
  AccessRecord record = kPlain;
  const std::string nasty("a\"b\\c\r\nd\x1b[31m\x7f\0\xff", 16);
  record.remote_user = record.request_line = record.referer = record.user_agent = nasty;
  const std::string line = line_of(record);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), '"'), 6) << line;
  for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line;
  EXPECT_NE(line.find("a\\x22b\\x5Cc\\x0D\\x0Ad\\x1B[31m\\x7F"), std::string::npos) << line;
}

TEST_F(AccessLogTest, PrintableBytesStayAndEveryOtherIsEscaped) {
  AccessLog log = *AccessLog::open(path_, combined());
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    AccessRecord record = kPlain;
    record.user_agent = {&c, 1};
    log.add(record, kWhen);
  }
  log.flush();
  std::istringstream lines(written());
  std::string line;
  for (int byte = 0; byte < 256; ++byte) {
    ASSERT_TRUE(std::getline(lines, line)) << byte;
    const bool stays = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
    const std::string want = stays ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02X}", byte);
    EXPECT_TRUE(line.ends_with(" \"" + want + "\"")) << byte << ": " << line;
  }
}

TEST_F(AccessLogTest, TheTimeMovesWithTheRequests) {
  AccessLog log = *AccessLog::open(path_, combined());
  log.add(kPlain, kWhen);
  log.add(kPlain, kWhen + 1);
  log.flush();
  EXPECT_NE(written().find("22:13:20"), std::string::npos);
  EXPECT_NE(written().find("22:13:21"), std::string::npos);
}

TEST_F(AccessLogTest, WritesNothingUntilTheLineIsOldEnough) {
  AccessLog log = *AccessLog::open(path_, combined());
  log.add(kPlain, kWhen);
  EXPECT_TRUE(log.pending());
  log.flush_if_due(1000 * kMs);
  log.flush_if_due(1099 * kMs);
  EXPECT_EQ(written(), "");
  log.flush_if_due(1100 * kMs);
  EXPECT_NE(written(), "");
  EXPECT_FALSE(log.pending());
}

TEST_F(AccessLogTest, TheNextLineHasATimeOfItsOwn) {
  AccessLog log = *AccessLog::open(path_, combined());
  log.add(kPlain, kWhen);
  log.flush_if_due(1000 * kMs);
  log.flush_if_due(1100 * kMs);
  const std::string first = written();
  log.add(kPlain, kWhen);
  log.flush_if_due(1101 * kMs);
  EXPECT_EQ(written(), first);
  log.flush_if_due(1201 * kMs);
  EXPECT_EQ(written(), first + first);
}

TEST_F(AccessLogTest, WritesManyLinesAtOnceWithoutWaiting) {
  AccessLog log = *AccessLog::open(path_, combined());
  int lines = 0;
  while (written().empty() && lines < 10'000) {
    log.add(kPlain, kWhen);
    ++lines;
    log.flush_if_due(1000 * kMs);
  }
  EXPECT_GT(lines, 100);
  EXPECT_LT(lines, 1000);
}

TEST_F(AccessLogTest, AfterReopenLinesGoToTheNewFileAndNoneIsLost) {
  AccessLog log = *AccessLog::open(path_, combined());
  log.add(kPlain, kWhen);
  ASSERT_EQ(::rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  ASSERT_TRUE(log.reopen());
  log.add({.status = 404}, kWhen);
  log.flush();
  EXPECT_NE(contents(path_ + ".1").find(" 200 12 "), std::string::npos);
  EXPECT_EQ(written().find(" 200 12 "), std::string::npos);
  EXPECT_NE(written().find(" 404 0 "), std::string::npos);
}

TEST_F(AccessLogTest, KeepsTheOldFileWhenTheNewOneCannotBeOpened) {
  AccessLog log = *AccessLog::open(path_, combined());
  ASSERT_EQ(::rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  const auto reopened = log.reopen();
  ASSERT_FALSE(reopened);
  EXPECT_NE(reopened.error().text().find(path_), std::string::npos);
  log.add(kPlain, kWhen);
  log.flush();
  EXPECT_NE(contents(path_ + ".1"), "");
  ::rmdir(path_.c_str());
}

TEST_F(AccessLogTest, SaysWhichFileCannotBeOpened) {
  const auto log = AccessLog::open("/nonexistent/access.log", combined());
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().text().find("/nonexistent/access.log"), std::string::npos);
}

TEST_F(AccessLogTest, IsOffWithoutAPath) { EXPECT_FALSE(AccessLog::open("", combined())->on()); }

TEST_F(AccessLogTest, AFullDiskCostsTheLinesAndNothingElse) {
  AccessLog log = *AccessLog::open("/dev/full", combined());
  for (int i = 0; i < 10'000; ++i) {
    log.add(kPlain, kWhen);
    log.flush_if_due(1000 * kMs);
  }
  log.flush();
  EXPECT_FALSE(log.pending()) << "lines that cannot be written may not fill the memory";
}

TEST_F(AccessLogTest, AClosedPipeCostsTheLinesAndNothingElse) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  os::UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  AccessLog log = *AccessLog::open(path_, combined());
  reader = os::UniqueFd();
  log.add(kPlain, kWhen);
  log.flush();
  EXPECT_FALSE(log.pending());
}

}  // namespace
}  // namespace tierce::edge
