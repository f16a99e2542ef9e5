// Clients that break the rules, or keep to them in order to hurt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http2/server_session.h"
#include "http2/test_client.h"

namespace tierce::http2 {
namespace {

using testing::Contains;
using testing::HasSubstr;

class BadClientTest : public testing::Test {
 protected:
  BadClientTest() {
    owner_.session = &session_;
    session_.feed(beginning());
    session_.feed(frame(kSettings, kAck, 0, ""));
    said();
  }
  // The frames that the server has for the client now.
  std::vector<std::string> said() {
    std::string output;
    while (session_.take_output(output, output.size() + 16384) > 0) {
    }
    return frames_in(output);
  }
  std::vector<std::string> says_to(const std::string& bytes) {
    session_.feed(bytes);
    return said();
  }
  // How many of `bytes` in a row the session bears.
  int borne(const std::string& bytes, int most, bool reads) {
    for (int i = 0; i < most; ++i) {
      if (!session_.feed(bytes)) return i;
      if (reads) said();
    }
    return most;
  }
  Limits limits_;
  TestOwner owner_;
  ServerSession session_{owner_, limits_};
};

TEST_F(BadClientTest, ResetsStreamsWithHeadsThatAreWrong) {
  const auto with = [](const Fields& more) {
    Fields fields = get();
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  const auto replaced = [](std::size_t at, const std::string& value) {
    Fields fields = get();
    fields[at].second = value;
    return fields;
  };
  const auto without = [](std::size_t at) {
    Fields fields = get();
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
    return fields;
  };
  const Fields cases[] = {
      with({{"connection", "close"}}),
      with({{"transfer-encoding", "chunked"}}),
      with({{"keep-alive", "5"}}),
      with({{"proxy-connection", "close"}}),
      with({{"upgrade", "websocket"}}),
      with({{"te", "gzip"}}),
      with({{"X-Upper", "v"}}),
      with({{"x-name", "a\r\nb: c"}}),
      with({{"x-name", std::string("a\0b", 3)}}),
      with({{"x-name", "a\nb"}}),
      with({{"x name", "a"}}),
      with({{"x-name:", "a"}}),
      with({{"", "a"}}),
      with({{":path", "/again"}}),
      with({{":unknown", "1"}}),
      with({{"accept", "*/*"}, {":method", "GET"}}),
      with({{"host", "other.example"}}),
      with({{"content-length", "-1"}}),
      with({{"content-length", "5"}}),
      with({{"content-length", "0"}, {"content-length", "5"}}),
      replaced(0, "G ET"),
      replaced(0, "GET /x HTTP/1.1\r\nx:"),
      replaced(2, "a\r\nb"),
      replaced(3, ""),
      replaced(3, "/a b"),
      replaced(3, "/a\r\nb"),
      replaced(3, "no-slash"),
      without(0),
      without(1),
      without(2),
      without(3),
  };
  std::uint32_t stream = 1;
  for (const Fields& fields : cases) {
    const auto answer = says_to(request(stream, fields));
    EXPECT_THAT(answer, Contains("RST_STREAM " + std::to_string(stream) + " PROTOCOL_ERROR"))
        << testing::PrintToString(fields);
    EXPECT_EQ(owner_.log, "") << testing::PrintToString(fields);
    stream += 2;
  }
  // The connection lives on.
  says_to(request(stream, with({{"te", "trailers"}, {"host", "A.Example"}})));
  EXPECT_EQ(owner_.log, std::to_string(stream) + " is GET /\n");
}

TEST_F(BadClientTest, SaysThatConnectIsABadRequest) {
  says_to(request(1, {{":method", "CONNECT"}, {":authority", "a.example:80"}}));
  EXPECT_EQ(owner_.problems[1], HeaderList::Problem::kBadRequest);
}

TEST_F(BadClientTest, ResetsABodyThatIsNotAsLongAsPromised) {
  Fields fields = get();
  fields[0].second = "POST";
  fields.emplace_back("content-length", "3");
  session_.feed(request(1, fields, kEndHeaders));
  EXPECT_THAT(says_to(frame(kData, kEndStream, 1, "four")), Contains("RST_STREAM 1 PROTOCOL_ERROR"));
  EXPECT_EQ(owner_.log, "1 begins, POST /\n1 reset by us\n");
}

TEST_F(BadClientTest, IsEndedAfterARapidReset) {
  owner_.answer_at_once = false;
  int begun = 0;
  for (std::uint32_t stream = 1; begun < 20000; ++begun, stream += 2) {
    if (!session_.feed(request(stream, get()) + frame(kRst, 0, stream, number(NGHTTP2_CANCEL)))) break;
    said();
    EXPECT_LE(session_.streams(), limits_.streams_max);
  }
  EXPECT_LT(begun, 2000);
}

TEST_F(BadClientTest, IsEndedWhenItMakesUsReset) {
  // CVE-2025-8671: a window that opens by nothing, a priority that depends on itself, DATA behind the end.
  const std::string ways[] = {frame(kWindow, 0, 0, number(0)), frame(kData, 0, 0, "x")};
  for (const std::string& way : ways) {
    TestOwner owner;
    ServerSession session(owner, limits_);
    owner.session = &session;
    EXPECT_TRUE(session.feed(beginning()));
    session.feed(way);
    std::string output;
    session.take_output(output, 1 << 20);
    EXPECT_THAT(frames_in(output), Contains(HasSubstr("GOAWAY")));
    EXPECT_TRUE(session.is_finished());
  }
  int begun = 0;
  for (std::uint32_t stream = 1; begun < 20000; ++begun, stream += 2) {
    if (!session_.feed(request(stream, get(), kEndHeaders) + frame(kWindow, 0, stream, number(0x7fffffff)))) break;
    said();
  }
  EXPECT_GT(begun, 90);
  EXPECT_LT(begun, 200);
  EXPECT_EQ(session_.why(), "http2 flood detected");
}

TEST_F(BadClientTest, OverflowsAWindow) {
  session_.feed(request(1, get(), kEndHeaders));
  EXPECT_THAT(says_to(frame(kWindow, 0, 1, number(0x7fffffff))), Contains("RST_STREAM 1 FLOW_CONTROL_ERROR"));
  EXPECT_THAT(says_to(frame(kWindow, 0, 0, number(0x7fffffff))), Contains("GOAWAY 0 FLOW_CONTROL_ERROR"));
  EXPECT_TRUE(session_.is_finished());
}

TEST_F(BadClientTest, SendsMoreThanTheWindow) {
  Fields fields = get();
  fields[0].second = "POST";
  session_.feed(request(1, fields, kEndHeaders));
  std::vector<std::string> answer;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& each : says_to(frame(kData, 0, 1, std::string(16384, 'x')))) answer.push_back(each);
  }
  EXPECT_THAT(answer, Contains(HasSubstr("FLOW_CONTROL_ERROR")));
  EXPECT_LE(owner_.bodies[1].size(), limits_.preread_bytes);
}

TEST_F(BadClientTest, SendsMoreThanTheWindowAndReadsNothing) {
  Fields fields = get();
  fields[0].second = "POST";
  session_.feed(request(1, fields, kEndHeaders));
  borne(frame(kData, 0, 1, std::string(16384, 'x')), 100, false);
  EXPECT_LE(owner_.bodies[1].size(), limits_.preread_bytes);
}

TEST_F(BadClientTest, ContinuesAHeadWithoutEnd) {
  session_.feed(request(1, get(), 0));
  int frames = 0;
  while (frames < 10000 && session_.feed(frame(kContinuation, 0, 1, plain_block({{"x-name", std::string(100, 'x')}}))))
    ++frames;
  EXPECT_LT(frames, 100);
  EXPECT_EQ(owner_.log, "");
}

TEST_F(BadClientTest, ContinuesAHeadWithEmptyFrames) {
  session_.feed(request(1, get(), 0));
  EXPECT_LT(borne(frame(kContinuation, 0, 1, ""), 10000, true), 100);
}

TEST_F(BadClientTest, SendsAHeadInPiecesByteByByte) {
  const Fields fields = get();
  const std::string first = plain_block({fields.begin(), fields.begin() + 2}),
                    rest = plain_block({fields.begin() + 2, fields.end()});
  for (const char c : frame(kHeaders, kEndStream, 1, first) + frame(kContinuation, 0, 1, "") +
                          frame(kContinuation, kEndHeaders, 1, rest))
    ASSERT_TRUE(session_.feed({&c, 1}));
  EXPECT_EQ(owner_.log, "1 is GET /\n");
}

TEST_F(BadClientTest, SendsABombOfHeaders) {
  // One large field is remembered, then named by one byte each.
  std::string block = plain_block(get());
  block += '\x40';
  block.append(1, 1).append("x");
  block += '\x7f';
  const int length = 3000 - 127;
  block += static_cast<char>(0x80 | (length & 0x7f));
  block += static_cast<char>(length >> 7);
  block += std::string(3000, 'v');
  block += std::string(12000, '\xbe');  // 36 MB of it.
  EXPECT_THAT(says_to(frame(kHeaders, kEndStream | kEndHeaders, 1, block)), Contains("GOAWAY 0 ENHANCE_YOUR_CALM"));
  EXPECT_FALSE(owner_.problems.contains(1)) << "nobody is asked";
  EXPECT_EQ(session_.why(), "a head that is many times too large");
}

TEST_F(BadClientTest, SendsABlockThatIsNoHpack) {
  EXPECT_THAT(says_to(frame(kHeaders, kEndStream | kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff")),
              Contains("GOAWAY 0 COMPRESSION_ERROR"));
  EXPECT_TRUE(session_.is_finished());
}

TEST_F(BadClientTest, FloodsWithoutReading) {
  struct Case {
    const char* what;
    std::string bytes;
  };
  const Case cases[] = {{"settings", frame(kSettings, 0, 0, "")}, {"ping", frame(kPing, 0, 0, "12345678")}};
  for (const Case& c : cases) {
    TestOwner owner;
    ServerSession session(owner, limits_);
    EXPECT_TRUE(session.feed(beginning()));
    int borne = 0;
    while (borne < 100'000 && session.feed(c.bytes)) ++borne;
    EXPECT_LT(borne, 2000) << c.what;
    EXPECT_NE(session.why(), "") << c.what;
    std::string output;
    session.take_output(output, 1 << 20);
    EXPECT_LT(output.size(), 100'000u) << c.what;
  }
}

TEST_F(BadClientTest, FloodsWithFramesThatCarryNothing) {
  Fields fields = get();
  fields[0].second = "POST";
  const std::string priority = number(1) + "x";
  const std::string floods[] = {frame(kData, 0, 1, ""),          frame(kPing, 0, 0, "12345678"),
                                frame(kSettings, 0, 0, ""),      frame(kPriority, 0, 3, priority),
                                frame(kWindow, 0, 0, number(1)), frame(static_cast<FrameType>(77), 0, 0, "unknown")};
  for (const std::string& flood : floods) {
    TestOwner owner;
    ServerSession session(owner, limits_);
    EXPECT_TRUE(session.feed(beginning() + request(1, fields, kEndHeaders)));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += flood;
    std::size_t fed = 0;
    std::string output;
    while (fed < (64u << 20) && session.feed(many)) {
      fed += many.size();
      output.clear();
      session.take_output(output, 1 << 20);
    }
    EXPECT_LT(fed, 16u << 20) << static_cast<int>(flood[3]);
  }
}

TEST_F(BadClientTest, OpensMoreStreamsThanItMay) {
  std::vector<std::string> answer;
  for (std::uint32_t stream = 1; stream < 2 * (limits_.streams_max + 5); stream += 2) {
    for (const std::string& each : says_to(request(stream, get()))) answer.push_back(each);
  }
  EXPECT_LE(session_.streams(), limits_.streams_max);
  EXPECT_THAT(answer, Contains(HasSubstr("GOAWAY")));
}

TEST_F(BadClientTest, OpensMoreStreamsBeforeItKnowsHowMany) {
  TestOwner owner;
  ServerSession session(owner, limits_);
  EXPECT_TRUE(session.feed(beginning()));
  std::string output;
  for (std::uint32_t stream = 1; stream < 2 * (limits_.streams_max + 5); stream += 2) {
    EXPECT_TRUE(session.feed(request(stream, get())));
    session.take_output(output, 1 << 20);
  }
  EXPECT_EQ(session.streams(), limits_.streams_max);
  EXPECT_THAT(frames_in(output), Contains(HasSubstr("REFUSED_STREAM")));
}

TEST_F(BadClientTest, IsNoClientOfHttp2) {
  TestOwner owner;
  ServerSession session(owner, limits_);
  EXPECT_FALSE(session.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_NE(session.why(), "");
}

TEST_F(BadClientTest, SendsFramesWhereTheyDoNotBelong) {
  const std::string wrong[] = {frame(kPush, kEndHeaders, 1, number(2)),
                               frame(kHeaders, kEndHeaders, 2, plain_block(get())),
                               frame(kHeaders, kEndHeaders, 0, plain_block(get())),
                               frame(kContinuation, kEndHeaders, 1, ""),
                               frame(kSettings, 0, 0, "12345"),
                               frame(kSettings, kAck, 0, "123456"),
                               frame(kPing, 0, 0, "1234"),
                               frame(kRst, 0, 5, number(8)),
                               frame(kData, 0, 9, "idle"),
                               std::string("\xff\xff\xff\0\0\0\0\0\1", 9),
                               request(1, get(), 0) + frame(kPing, 0, 0, "12345678")};
  for (const std::string& each : wrong) {
    TestOwner owner;
    ServerSession session(owner, limits_);
    EXPECT_TRUE(session.feed(beginning()));
    session.feed(each);
    std::string output;
    session.take_output(output, 1 << 20);
    EXPECT_THAT(frames_in(output), Contains(HasSubstr("GOAWAY"))) << testing::PrintToString(each);
    EXPECT_EQ(owner.log, "");
  }
}

}  // namespace
}  // namespace tierce::http2
