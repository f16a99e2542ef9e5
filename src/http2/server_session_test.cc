#include "http2/server_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http2/test_client.h"

namespace tierce::http2 {
namespace {

using testing::HasSubstr;
using State = BodySource::State;

// Gives a text in pieces; waits where it is told to.
class TextSource : public BodySource {
 public:
  explicit TextSource(std::string text) : left(std::move(text)) {}
  Piece read(StreamId, char* into, std::size_t bytes) override {
    if (fails) return {0, State::kFailed};
    if (left.empty() && waits) return {0, State::kLater};
    const std::size_t now = std::min(bytes, left.size());
    left.copy(into, now);
    left.erase(0, now);
    asked += now;
    return {now, left.empty() && !waits ? State::kEnd : State::kMore};
  }
  std::string left;
  std::size_t asked = 0;
  bool waits = false, fails = false;
};

class ServerSessionTest : public testing::Test {
 protected:
  ServerSessionTest() { owner_.session = &session_; }
  Limits limits_;
  TestOwner owner_;
  ServerSession session_{owner_, limits_};
  TestClient client_;
};

TEST_F(ServerSessionTest, CarriesARequestAndItsAnswer) {
  Fields fields = get("/a?b=c");
  fields.insert(fields.end(), {{"accept", "*/*"}, {"cookie", "a=1"}, {"cookie", "b=2"}});
  client_.ask(fields);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.log, "1 is GET /a?b=c\n");
  EXPECT_EQ(owner_.texts[1], "GET /a?b=c HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\ncookie: a=1; b=2\r\n\r\n");
  EXPECT_EQ(session_.streams(), 1u);

  TextSource body("hello");
  const HeaderList::Field answer[] = {{"Content-Type", "text/plain"},
                                      {"Connection", "close"},
                                      {"Transfer-Encoding", "chunked"},
                                      {"Keep-Alive", "5"},
                                      {"X-Name", "V"}};
  session_.inform(1, 103, std::array{HeaderList::Field{"Link", "</a.css>"}});
  session_.respond(1, 200, answer, &body);
  client_.talk_to(session_);
  EXPECT_EQ(client_.heads[1], ":status=103\nlink=</a.css>\n:status=200\ncontent-type=text/plain\nx-name=V\n");
  EXPECT_EQ(client_.bodies[1], "hello");
  EXPECT_EQ(client_.ends[1], "NO_ERROR");
  EXPECT_EQ(owner_.log, "1 is GET /a?b=c\n1 complete\n");
  EXPECT_EQ(session_.streams(), 0u);
  EXPECT_EQ(session_.requests(), 1u);
  session_.respond(1, 200, {}, nullptr);  // Nobody's any more.
  EXPECT_FALSE(session_.has_output());
}

TEST_F(ServerSessionTest, OpensTheWindowOfABodyAsItIsConsumed) {
  std::string body(200'000, 'x');
  client_.ask({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, &body);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.bodies[1].size(), limits_.preread_bytes);
  session_.consume(1, 50'000);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.bodies[1].size(), limits_.preread_bytes + 50'000);
  session_.consume(1, 1'000'000);  // No more than there was.
  client_.talk_to(session_);
  EXPECT_EQ(owner_.bodies[1].size(), 2 * limits_.preread_bytes + 50'000);
  session_.widen(1, 1'000'000);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.bodies[1].size(), 200'000u);
  EXPECT_EQ(owner_.log, "1 begins, POST /\n1 has come\n");
}

TEST_F(ServerSessionTest, LetsOtherStreamsOnWhileOneBodyWaits) {
  std::string body(200'000, 'x');
  const Fields post = {{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
  client_.ask(post, &body);
  client_.talk_to(session_);
  std::string other(60'000, 'y');
  client_.ask(post, &other);
  client_.talk_to(session_);
  EXPECT_THAT(owner_.log, HasSubstr("3 has come"));
}

TEST_F(ServerSessionTest, PullsTheBodyOnlyAsTheClientTakesIt) {
  client_.ask(get());
  client_.talk_to(session_);
  TextSource body(std::string(1'000'000, 'x'));
  session_.respond(1, 200, {}, &body);
  std::string output;
  EXPECT_GE(session_.take_output(output, 20'000), 20'000u);
  EXPECT_LT(output.size(), 40'000u);
  EXPECT_LT(body.asked, 40'000u);
  // A client that opens no window costs its first one.
  for (int turn = 0; turn < 100; ++turn) session_.take_output(output, output.size() + 20'000);
  EXPECT_EQ(body.asked, 65'535u);
  EXPECT_FALSE(session_.has_output());
}

TEST_F(ServerSessionTest, SendsABodyThatComesLaterAndTrailers) {
  client_.ask(get());
  client_.talk_to(session_);
  TextSource body("one ");
  body.waits = true;
  session_.respond(1, 200, {}, &body);
  session_.set_trailers(1, std::array{HeaderList::Field{"X-Sum", "7"}});
  client_.talk_to(session_);
  EXPECT_EQ(client_.bodies[1], "one ");
  body.left = "two";
  body.waits = false;
  session_.resume(1);
  client_.talk_to(session_);
  EXPECT_EQ(client_.bodies[1], "one two");
  EXPECT_EQ(client_.heads[1], ":status=200\nx-sum=7\n");
  EXPECT_EQ(client_.ends[1], "NO_ERROR");
}

TEST_F(ServerSessionTest, ResetsWhatCannotBeCompleted) {
  client_.ask(get());
  client_.ask(get());
  client_.talk_to(session_);
  TextSource body("one ");
  body.fails = true;
  session_.respond(1, 200, {}, &body);
  session_.reset(3);
  client_.talk_to(session_);
  EXPECT_EQ(client_.ends[1], "INTERNAL_ERROR");
  EXPECT_EQ(client_.ends[3], "INTERNAL_ERROR");
  EXPECT_THAT(owner_.log, HasSubstr("1 reset by us"));
  EXPECT_THAT(owner_.log, HasSubstr("3 reset by us"));
}

TEST_F(ServerSessionTest, TellsAClientToStopABodyThatNobodyNeeds) {
  std::string body(200'000, 'x');
  client_.ask({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, &body);
  client_.talk_to(session_);
  session_.respond(1, 413, {}, nullptr);
  client_.talk_to(session_);
  EXPECT_EQ(client_.heads[1], ":status=413\n");
  // It has no window to go on, and was not told in one breath with the answer.
  EXPECT_EQ(client_.ends.count(1), 0u);
  EXPECT_EQ(session_.unread_bodies(), 1u);
  session_.stop_unread_bodies();
  client_.talk_to(session_);
  EXPECT_EQ(client_.ends[1], "NO_ERROR");
  EXPECT_THAT(owner_.log, HasSubstr("1 complete"));
  EXPECT_EQ(session_.unread_bodies(), 0u);
}

TEST_F(ServerSessionTest, LetsTheEndOfASmallBodyComeBehindItsAnswer) {
  std::string body(100, 'x');
  client_.ask({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, &body);
  // The head alone, as a client sends it that writes each frame for itself.
  std::string all = client_.output();
  const std::size_t data_frame = all.size() - (9 + 100);
  session_.feed(std::string_view(all).substr(0, data_frame));
  session_.respond(1, 200, {}, nullptr);
  std::string output;
  session_.take_output(output, 65536);
  EXPECT_EQ(session_.unread_bodies(), 1u);
  session_.feed(std::string_view(all).substr(data_frame));
  EXPECT_EQ(session_.unread_bodies(), 0u);
  EXPECT_EQ(owner_.log, "1 begins, POST /\n1 has come\n1 complete\n");
  EXPECT_FALSE(session_.take_output(output, 65536) > 0);
}

TEST_F(ServerSessionTest, StopsABodyThatGoesOnBehindItsAnswer) {
  std::string body(60'000, 'x');
  client_.ask({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}}, &body);
  std::string all = client_.output();
  session_.feed(std::string_view(all).substr(0, all.size() - 50'000));
  session_.respond(1, 413, {}, nullptr);
  std::string output;
  session_.take_output(output, 65536);
  session_.feed(std::string_view(all).substr(all.size() - 50'000));
  EXPECT_GT(session_.take_output(output, 131'072), 0u);
  EXPECT_EQ(session_.unread_bodies(), 0u);
  EXPECT_THAT(owner_.log, HasSubstr("1 complete"));
}

TEST_F(ServerSessionTest, SaysThatTheClientHasGivenUp) {
  int owners = 0;
  client_.ask(get());
  client_.talk_to(session_);
  session_.set_context(1, &owners);
  EXPECT_EQ(session_.context(1), &owners);
  nghttp2_submit_rst_stream(client_.session, 0, 1, NGHTTP2_CANCEL);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.log, "1 is GET /\n1 reset by the client\n");
  EXPECT_EQ(session_.context(1), nullptr);
}

TEST_F(ServerSessionTest, ShutsDownWithoutLosingARequest) {
  client_.ask(get());
  client_.talk_to(session_);
  session_.begin_shutdown();
  // It had not heard of it: this one is served too.
  std::string late = client_.output();
  client_.ask(get("/late"));
  session_.feed(client_.output());
  client_.talk_to(session_);
  EXPECT_FALSE(session_.is_finished());
  EXPECT_THAT(owner_.log, HasSubstr("3 is GET /late"));
  EXPECT_LT(client_.ask(get("/too-late")), 6);
  session_.respond(1, 200, {}, nullptr);
  session_.respond(3, 200, {}, nullptr);
  client_.talk_to(session_);
  EXPECT_TRUE(session_.is_finished());
  EXPECT_EQ(client_.ends[3], "NO_ERROR");
  EXPECT_EQ(session_.why(), "");
}

TEST_F(ServerSessionTest, AnswersAHeadThatIsTooLargeWithAPage) {
  Fields fields = get();
  for (int i = 0; i < 20; ++i) fields.emplace_back("x-" + std::to_string(i), std::string(2000, 'v'));
  client_.ask(fields);
  client_.talk_to(session_);
  EXPECT_EQ(owner_.problems[1], HeaderList::Problem::kTooLarge);
  session_.respond(1, 400, {}, nullptr);
  client_.talk_to(session_);
  EXPECT_EQ(client_.heads[1], ":status=400\n");
}

}  // namespace
}  // namespace tierce::http2
