#include "edge/response_sender.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "edge/edge_thread.h"
#include "edge/test_worker.h"
#include "http/fastcgi_record.h"
#include "os/error_log.h"
#include "tls/test_certificate.h"

namespace tierce::edge {
namespace {

using Step = ResponseSender::Step;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOldGet = "GET / HTTP/1.0\r\n\r\n";

// A client at one end of a socket pair, a worker at the other end of a mailbox, a sender between them.
class ResponseSenderTest : public testing::Test {
 protected:
  ResponseSenderTest() : log_file_(os::temporary_file("/tmp")) {
    settings_.access_log = "";
    settings_.server_name = "edge";
    log_ = os::ErrorLog::on_descriptor(log_file_.get(), os::LogLevel::kInfo);
    EdgeThread::Start start{};
    start.waiting = &waiting_;
    start.settings = &settings_;
    start.listeners = &listeners_;
    start.wakeup = wakeup_.get();
    start.error_log = &log_;
    start.reports = {.drained = [](std::uint32_t) {},
                     .timed_out = [](std::uint32_t, std::uint32_t, std::uint64_t) {},
                     .log = [](os::LogLevel, const std::string&) {}};
    thread_ = std::move(*EdgeThread::create(std::move(start)));
    open(false);
  }

  // New sockets; small ones take few bytes at a time.
  void open(bool small) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    server_ = std::make_unique<ClientStream>(os::UniqueFd(ends[0]));
    client_ = os::UniqueFd(ends[1]);
    const int bytes = 1;  // The kernel makes it its least, some 4 KiB.
    if (!small) return;
    ASSERT_EQ(::setsockopt(server_->fd(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  }

  void begin(std::string_view request = kGet, bool keep_alive = true) {
    worker_ = std::make_unique<TestWorker>(++worker_id_);
    link_ = worker_->link();
    test_client_ = std::make_unique<TestClient>(1, request);
    ASSERT_TRUE(link_->give(exchange(), 1));
    slot_ = *worker_->take(2);
    sender_.emplace(*thread_, *server_, keep_alive, wire_);
    received_.clear();
  }
  ~ResponseSenderTest() override {
    if (test_client_) exchange().let_go();
  }

  Exchange& exchange() { return test_client_->exchange; }
  Step step() { return sender_->step(exchange()); }
  gateway::Slot& slot() { return worker_->mailbox.slot(slot_); }
  std::size_t write(std::string_view body) { return worker_->mailbox.ring_write(slot_, body.data(), body.size()); }
  void set(std::uint32_t flags) { worker_->flags(slot_, flags); }

  // What the client can read now, at most `most`.
  bool read(std::size_t most = 1 << 20) {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(client_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) received_.append(bytes, 0, static_cast<std::size_t>(got));
    return got > 0;
  }
  // All of the response, for an application that has written all of it.
  Step finish() {
    for (int i = 0; i < 100'000; ++i) {
      const Step now = step();
      while (read()) {
      }
      if (now != Step::kWaitWritable) return now;
    }
    return Step::kWaitWritable;
  }
  std::string head() const { return received_.substr(0, received_.find("\r\n\r\n") + 4); }
  std::string body() const { return received_.substr(received_.find("\r\n\r\n") + 4); }
  std::string logged() const {
    std::string text(4096, '\0');
    const ssize_t got = ::pread(log_file_.get(), text.data(), text.size(), 0);
    return text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
  }

  config::EdgeSettings settings_;
  std::vector<config::EdgeListener> listeners_;
  os::UniqueFd wakeup_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  os::UniqueFd log_file_;
  std::atomic<std::uint32_t> waiting_{0};
  os::ErrorLog log_;
  std::unique_ptr<EdgeThread> thread_;
  std::unique_ptr<ClientStream> server_;
  os::UniqueFd client_;
  std::uint32_t worker_id_ = 0;
  std::unique_ptr<TestWorker> worker_;
  std::unique_ptr<WorkerLink> link_;
  std::unique_ptr<TestClient> test_client_;
  std::uint32_t slot_ = 0;
  ResponseWire wire_;
  std::optional<ResponseSender> sender_;
  std::string received_;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// --- TLS ---

TEST_F(ResponseSenderTest, SendsMoreThanOneCallOfTlsTakes) {
  begin();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* peer = SSL_new(context);
  SSL_set_fd(peer, client_.get());
  SSL_set_connect_state(peer);
  tls::Session& session = server_->begin_tls(*tls::Context::create(tls::test_material()), "");
  for (int i = 0; i < 10; ++i) {
    SSL_do_handshake(peer);
    ASSERT_NE(session.handshake(), tls::Session::Handshake::kFailed) << session.trouble();
  }
  // The socket takes all of it: nothing would tell us later that it takes more.
  EXPECT_EQ(sender_->send_own(std::string(75'000, 'x'), 75'000), Step::kDone);
  std::string got(100'000, ' ');
  std::size_t have = 0;
  for (int now = 0; (now = SSL_read(peer, got.data() + have, static_cast<int>(got.size() - have))) > 0;)
    have += static_cast<std::size_t>(now);
  EXPECT_EQ(have, 75'000u);
  SSL_free(peer);
  SSL_CTX_free(context);
}

// --- framing ---

TEST_F(ResponseSenderTest, SaysTheLengthWhenItIsKnown) {
  begin();
  worker_->respond(slot_, 3, "hello");
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(received_.starts_with("HTTP/1.1 200 OK\r\n")) << received_;
  EXPECT_TRUE(has(head(), "Content-Length: 5\r\n")) << received_;
  EXPECT_FALSE(has(head(), "Transfer-Encoding")) << received_;
  EXPECT_EQ(body(), "hello");
  EXPECT_TRUE(sender_->keep_alive());
  EXPECT_EQ(sender_->status(), 200);
  EXPECT_EQ(sender_->body_bytes(), 5u);
}

TEST_F(ResponseSenderTest, ChunksWhatHasNoLength) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  write("hello");
  EXPECT_EQ(finish(), Step::kWaitProgress);
  write(std::string(16, 'x'));
  set(gateway::kBodyComplete);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(has(head(), "Transfer-Encoding: chunked\r\n")) << received_;
  EXPECT_FALSE(has(head(), "Content-Length")) << received_;
  EXPECT_EQ(body(), "5\r\nhello\r\n10\r\n" + std::string(16, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(sender_->keep_alive());
}

TEST_F(ResponseSenderTest, EndsABodyOfUnknownLengthByClosingForHttp10) {
  begin(kOldGet);
  worker_->head(slot_, "200 OK\r\n", -1);
  write("hello");
  set(gateway::kHeadReady | gateway::kBodyComplete);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_FALSE(has(head(), "chunked")) << received_;
  EXPECT_TRUE(has(head(), "Connection: close\r\n")) << received_;
  EXPECT_EQ(body(), "hello");
  EXPECT_FALSE(sender_->keep_alive());
}

TEST_F(ResponseSenderTest, TellsAnHttp10ClientThatTheConnectionIsKept) {
  begin(kOldGet);
  worker_->respond(slot_, 3);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(has(head(), "Connection: keep-alive\r\n")) << received_;
  EXPECT_TRUE(sender_->keep_alive());
}

TEST_F(ResponseSenderTest, SaysWhenItWillClose) {
  begin(kGet, false);
  worker_->respond(slot_, 3);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(has(head(), "Connection: close\r\n")) << received_;
}

TEST_F(ResponseSenderTest, AHeadRequestHasTheLengthAndNoBody) {
  begin(kHead);
  worker_->respond(slot_, 3, "hello");
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(has(head(), "Content-Length: 5\r\n")) << received_;
  EXPECT_EQ(body(), "");
  EXPECT_EQ(sender_->body_bytes(), 0u);
}

TEST_F(ResponseSenderTest, AHeadRequestWithoutALengthIsNotChunked) {
  begin(kHead);
  worker_->head(slot_, "200 OK\r\n", -1);
  write("dropped");
  set(gateway::kHeadReady | gateway::kBodyComplete);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_FALSE(has(head(), "chunked")) << received_;
  EXPECT_EQ(body(), "");
}

TEST_F(ResponseSenderTest, NoContentAndNotModifiedHaveNoBodyAndNoLength) {
  for (const int status : {204, 304}) {
    begin();
    worker_->head(slot_, std::to_string(status) + " X\r\n", 5, status);
    write("hello");
    set(gateway::kHeadReady | gateway::kBodyComplete);
    EXPECT_EQ(finish(), Step::kDone);
    EXPECT_FALSE(has(received_, "Content-Length")) << received_;
    EXPECT_FALSE(has(received_, "chunked")) << received_;
    EXPECT_EQ(body(), "") << status;
    exchange().let_go();
  }
}

TEST_F(ResponseSenderTest, AddsServerAndDateOnlyWhenTheApplicationHasNone) {
  begin();
  worker_->respond(slot_, 3);
  finish();
  EXPECT_TRUE(has(head(), "Server: edge\r\n")) << received_;
  EXPECT_TRUE(has(head(), "Date: ")) << received_;
  begin();
  worker_->head(slot_, "200 OK\r\nServer: mine\r\nDate: now\r\n", 0);
  slot().response.has_server = slot().response.has_date = 1;
  set(gateway::kHeadReady | gateway::kBodyComplete);
  finish();
  EXPECT_FALSE(has(head(), "Server: edge")) << received_;
  EXPECT_FALSE(has(head(), " GMT")) << received_;
}

// --- what goes wrong ---

TEST_F(ResponseSenderTest, CutsABodyThatIsShorterThanItsLength) {
  begin();
  worker_->head(slot_, "200 OK\r\n", 10);
  write("hello");
  set(gateway::kHeadReady | gateway::kBodyComplete);
  EXPECT_EQ(finish(), Step::kCut);
  EXPECT_EQ(body(), "hello");
}

TEST_F(ResponseSenderTest, SendsNoMoreThanTheLengthThatWasSaid) {
  begin();
  worker_->head(slot_, "200 OK\r\n", 5);
  write("hello, world");
  set(gateway::kHeadReady | gateway::kBodyComplete);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_EQ(body(), "hello");
}

TEST_F(ResponseSenderTest, ABrokenChunkedBodyHasNoEnd) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  write("hello");
  set(gateway::kHeadReady | gateway::kBroken);
  EXPECT_EQ(finish(), Step::kCut);
  EXPECT_EQ(body(), "5\r\nhello\r\n") << "an end would say that this is all";
}

TEST_F(ResponseSenderTest, SendsWhatCameBeforeItBroke) {
  begin();
  worker_->head(slot_, "200 OK\r\n", 100);
  write("hello");
  set(gateway::kHeadReady | gateway::kBroken);
  EXPECT_EQ(finish(), Step::kCut);
  EXPECT_EQ(body(), "hello");
}

TEST_F(ResponseSenderTest, NoticesThatTheClientHasGone) {
  begin();
  client_ = os::UniqueFd();
  worker_->respond(slot_, 3);
  EXPECT_EQ(step(), Step::kClientGone);
}

TEST_F(ResponseSenderTest, WaitsForAnApplicationThatHasSaidNothing) {
  begin();
  EXPECT_EQ(step(), Step::kWaitProgress);
  EXPECT_FALSE(sender_->head_composed());
}

// --- clients that read slowly ---

// The client reads `piece` bytes, the sender goes on, and so for ever: the socket is full at every position.
TEST_F(ResponseSenderTest, NoByteIsLostWhereverTheSocketIsFull) {
  constexpr std::size_t kBytes = 300'000;
  for (const std::int64_t length : {static_cast<std::int64_t>(kBytes), std::int64_t{-1}}) {
    for (const std::size_t piece : {997u, 4096u, 31'337u}) {
      open(true);
      begin();
      worker_->head(slot_, "200 OK\r\n", length);
      set(gateway::kHeadReady);
      std::string whole;
      std::size_t made = 0;
      Step now = Step::kWaitProgress;
      while (now != Step::kDone) {
        char bytes[3001];
        const std::size_t want = std::min(sizeof bytes, kBytes - made);
        for (std::size_t i = 0; i < want; ++i) bytes[i] = static_cast<char>((made + i) * 31 >> 4);
        const std::size_t wrote = write({bytes, want});
        whole.append(bytes, wrote);
        made += wrote;
        if (made == kBytes) set(gateway::kBodyComplete);
        now = step();
        ASSERT_TRUE(now == Step::kDone || now == Step::kWaitProgress || now == Step::kWaitWritable);
        const bool got = read(piece);
        ASSERT_TRUE(got || now != Step::kWaitWritable) << "it waits for a client that has nothing to read";
      }
      while (read()) {
      }
      if (length >= 0) {
        EXPECT_EQ(body(), whole) << piece;
      } else {
        std::string plain, rest = body();
        for (;;) {
          const std::size_t size = std::stoul(rest, nullptr, 16);
          rest.erase(0, rest.find("\r\n") + 2);
          plain.append(rest, 0, size);
          ASSERT_EQ(rest.substr(size, 2), "\r\n");
          rest.erase(0, size + 2);
          if (size == 0) break;
        }
        EXPECT_EQ(rest, "");
        EXPECT_EQ(plain, whole) << piece;
      }
      EXPECT_EQ(sender_->body_bytes(), kBytes);
      exchange().let_go();
    }
  }
}

TEST_F(ResponseSenderTest, FreesTheWorkerWhileAClientReadsSlowly) {
  open(true);
  begin();
  worker_->head(slot_, "200 OK\r\n", 400'000);
  set(gateway::kHeadReady);
  std::size_t left = 400'000;
  for (int i = 0; i < 1000 && left > 0; ++i) {
    left -= write(std::string(std::min<std::size_t>(left, 4000), 'x'));
    if (left == 0) set(gateway::kBodyComplete);
    step();
  }
  EXPECT_EQ(left, 0u) << "the application is through though nobody has read";
  EXPECT_EQ(exchange().link(), nullptr);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_EQ(body().size(), 400'000u);
}

TEST_F(ResponseSenderTest, HoldsTheApplicationBackWhenNoMoreMayBePutAside) {
  settings_.temp_file_bytes_max = 10'000;
  open(true);
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  std::size_t total = 0;
  for (int i = 0; i < 1000; ++i) {
    total += write(std::string(4000, 'x'));
    step();
  }
  EXPECT_LT(total, 200'000u);
  EXPECT_GT(total, 90'000u);
}

TEST_F(ResponseSenderTest, CutsWhenThereIsNoPlaceToPutAside) {
  settings_.temp_dir = "/nonexistent";
  open(true);
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  Step now = Step::kWaitProgress;
  for (int i = 0; i < 1000 && now != Step::kCut; ++i) {
    write(std::string(4000, 'x'));
    now = step();
  }
  EXPECT_EQ(now, Step::kCut);
  EXPECT_TRUE(has(logged(), "/nonexistent")) << logged();
}

// --- files ---

class ResponseFileTest : public ResponseSenderTest {
 protected:
  // A response whose body is `bytes` of a file from `offset` on; the file holds `size` bytes.
  void respond_with_file(std::int64_t length, std::uint64_t offset, std::uint64_t bytes, std::size_t size) {
    text_.clear();
    for (std::size_t i = 0; i < size; ++i) text_ += static_cast<char>('a' + i % 26);
    const os::UniqueFd file = os::temporary_file("/tmp");
    ASSERT_TRUE(os::write_all(file.get(), text_.data(), text_.size()));
    send_file(file.get(), length, offset, bytes);
  }
  void send_file(int fd, std::int64_t length, std::uint64_t offset, std::uint64_t bytes) {
    ASSERT_TRUE(worker_->descriptors->send(slot_, fd));
    worker_->head(slot_, "200 OK\r\n", length);
    slot().response.file_offset = offset;
    slot().response.file_bytes = bytes;
    set(gateway::kHeadReady | gateway::kFileFollows | gateway::kBodyComplete);
    worker_->answer(slot_, 3);
  }
  std::string text_;
};

TEST_F(ResponseFileTest, SendsTheFile) {
  begin();
  respond_with_file(300'000, 0, 300'000, 300'000);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_TRUE(has(head(), "Content-Length: 300000\r\n")) << head();
  EXPECT_EQ(body(), text_);
  EXPECT_EQ(sender_->body_bytes(), 300'000u);
}

TEST_F(ResponseFileTest, SendsAPartOfTheFile) {
  begin();
  respond_with_file(100, 27, 100, 1000);
  EXPECT_EQ(finish(), Step::kDone);
  EXPECT_EQ(body(), text_.substr(27, 100));
}

TEST_F(ResponseFileTest, SendsTheFileToAClientThatReadsSlowly) {
  open(true);
  begin();
  respond_with_file(100'000, 0, 100'000, 100'000);
  Step now = Step::kWaitWritable;
  for (int i = 0; i < 10'000 && now == Step::kWaitWritable; ++i) {
    now = step();
    read(1009);
  }
  while (read()) {
  }
  EXPECT_EQ(now, Step::kDone);
  EXPECT_EQ(body(), text_);
}

TEST_F(ResponseFileTest, CutsWhenTheFileHasBecomeShorter) {
  begin();
  respond_with_file(2000, 0, 2000, 1000);
  EXPECT_EQ(finish(), Step::kCut);
  EXPECT_EQ(body(), text_);
}

TEST_F(ResponseFileTest, CutsAFileThatIsShorterThanTheLength) {
  begin();
  respond_with_file(2000, 0, 1000, 1000);
  EXPECT_EQ(finish(), Step::kCut);
}

// --- what a worker that has been taken over may write ---

class HostileResponse : public ResponseFileTest {
 protected:
  void expect_502() {
    EXPECT_EQ(finish(), Step::kWaitProgress);
    EXPECT_EQ(exchange().fate, Fate::kNonsense);
    EXPECT_EQ(test_client_->told, 1);
    EXPECT_FALSE(sender_->head_composed()) << "502 can still be said";
    EXPECT_EQ(received_, "");
    exchange().let_go();
  }
  void expect_cut() {
    EXPECT_EQ(finish(), Step::kCut);
    const std::string lines = logged();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
    EXPECT_TRUE(has(lines, "worker (pid")) << lines;
  }
};

TEST_F(HostileResponse, AHeadLargerThanTheResponseAreaIsNotSent) {
  for (const std::uint32_t bytes : {8193u, 65536u, 0x7fffffffu, 0xffffffffu}) {
    begin();
    worker_->head(slot_, "200 OK\r\n", 0);
    slot().response.head_bytes = bytes;
    set(gateway::kHeadReady | gateway::kBodyComplete);
    expect_502();
  }
}

TEST_F(HostileResponse, AStatusThatIsNoneIsNotSent) {
  for (const int status : {0, 99, 100, 101, 199, 1000, 65535}) {
    begin();
    worker_->head(slot_, "200 OK\r\n", 0, status);
    set(gateway::kHeadReady | gateway::kBodyComplete);
    expect_502();
  }
}

TEST_F(HostileResponse, AnAnswerWithoutAHeadDoesNotLeaveTheClientWaiting) {
  begin();
  worker_->answer(slot_, 3);
  expect_502();
}

TEST_F(HostileResponse, AnAnswerWithoutAnEndDoesNotLeaveTheClientWaiting) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  worker_->answer(slot_, 3);
  expect_cut();
}

TEST_F(HostileResponse, ARingBeyondTheResponseAreaIsCut) {
  for (const std::uint32_t ring_at : {8192u, 8193u, 0x80000000u, 0xffffffffu}) {
    ASSERT_EQ(::ftruncate(log_file_.get(), 0), 0);
    ASSERT_EQ(::lseek(log_file_.get(), 0, SEEK_SET), 0);
    begin();
    worker_->head(slot_, "200 OK\r\n", 100);
    slot().ring_at = ring_at;
    slot().produced = 100;
    set(gateway::kHeadReady | gateway::kBodyComplete);
    expect_cut();
    exchange().let_go();
  }
}

TEST_F(HostileResponse, CountersThatCannotBeAreCut) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  write("hello");
  EXPECT_EQ(finish(), Step::kWaitProgress);
  slot().produced = 1ull << 40;
  expect_cut();
  EXPECT_EQ(body(), "5\r\nhello\r\n");
}

TEST_F(HostileResponse, AFileThatNeverCameIsA502) {
  begin();
  worker_->head(slot_, "200 OK\r\n", 10);
  slot().response.file_bytes = 10;
  set(gateway::kHeadReady | gateway::kFileFollows | gateway::kBodyComplete);
  expect_502();
}

TEST_F(HostileResponse, AFileMayNotBeLongerThanTheLengthThatWasSaid) {
  // The bytes beyond would be read as the next response on this connection.
  struct Case {
    std::int64_t length;
    std::uint64_t offset, bytes;
  };
  const Case cases[] = {{5, 0, 10},         {-1, 0, 10},   {5, ~0ull, 5},
                        {5, 1ull << 63, 5}, {5, 0, ~0ull}, {5, (1ull << 63) - 2, 5}};
  for (const Case& c : cases) {
    begin();
    respond_with_file(c.length, c.offset, c.bytes, 100);
    expect_502();
  }
}

TEST_F(HostileResponse, OnlyARegularFileIsSent) {
  // Another kind could make the edge wait, and all its clients with it.
  begin();
  const os::UniqueFd endless(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  send_file(endless.get(), 10, 0, 10);
  expect_502();
}

// --- front servers ---

class ResponseRecordsTest : public ResponseFileTest {
 protected:
  ResponseRecordsTest() { wire_ = {.protocol = config::WireProtocol::kFastcgi, .request_id = 7}; }

  // Takes the records apart; what is left of a record that breaks off stays in received_.
  void take_records() {
    stream_.clear();
    ended_ = false;
    while (received_.size() >= http::kRecordHeaderBytes) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received_[at]); };
      const std::size_t content = byte(4) << 8 | byte(5), whole = http::kRecordHeaderBytes + content + byte(6);
      EXPECT_EQ(byte(0), 1);
      EXPECT_EQ(byte(2) << 8 | byte(3), 7);
      EXPECT_FALSE(ended_);
      if (received_.size() < whole) return;
      if (byte(1) == 3) ended_ = true;
      if (byte(1) == 6) stream_ += received_.substr(http::kRecordHeaderBytes, content);
      received_.erase(0, whole);
    }
  }
  std::string stream_body() const { return stream_.substr(stream_.find("\r\n\r\n") + 4); }

  std::string stream_;
  bool ended_ = false;
};

TEST_F(ResponseSenderTest, BehindAFrontServerAddsNothingButTheLength) {
  for (const auto protocol : {config::WireProtocol::kUwsgi, config::WireProtocol::kScgi}) {
    wire_.protocol = protocol;
    begin(kGet, false);
    worker_->respond(slot_, 3, "hello");
    EXPECT_EQ(finish(), Step::kDone);
    const std::string start = protocol == config::WireProtocol::kUwsgi ? "HTTP/1.1 200 OK\r\n" : "Status: 200 OK\r\n";
    EXPECT_EQ(received_, start + "Content-Length: 5\r\n\r\nhello");
    exchange().let_go();
  }
}

TEST_F(ResponseSenderTest, BehindAFrontServerABodyWithoutALengthEndsWithTheConnection) {
  wire_.protocol = config::WireProtocol::kUwsgi;
  begin(kGet, false);
  worker_->head(slot_, "200 OK\r\n", -1);
  write("hello");
  set(gateway::kHeadReady | gateway::kBroken);
  worker_->answer(slot_, 3);
  EXPECT_EQ(finish(), Step::kCut);
  EXPECT_EQ(received_, "HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_TRUE(sender_->ends_with_connection());
}

TEST_F(ResponseRecordsTest, AreWholeForASmallBody) {
  begin();
  worker_->respond(slot_, 3, "hello");
  EXPECT_EQ(finish(), Step::kDone);
  take_records();
  EXPECT_EQ(stream_, "Status: 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(sender_->keep_alive());
}

TEST_F(ResponseRecordsTest, AreWholeForAClientThatReadsSlowly) {
  open(true);
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  set(gateway::kHeadReady);
  std::string sent;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<std::size_t>(1 + i), static_cast<char>('a' + i % 26));
    sent += piece.substr(0, write(piece));
    step();
    read(700);
  }
  set(gateway::kBodyComplete);
  worker_->answer(slot_, 3);
  EXPECT_EQ(finish(), Step::kDone);
  take_records();
  EXPECT_EQ(stream_body(), sent);
  EXPECT_TRUE(ended_);
}

TEST_F(ResponseRecordsTest, HoldAFile) {
  open(true);
  begin();
  respond_with_file(200'000, 5, 199'995, 200'000);
  EXPECT_EQ(finish(), Step::kCut) << "shorter than declared";
  begin();
  respond_with_file(199'995, 5, 199'995, 200'000);
  EXPECT_EQ(finish(), Step::kDone);
  take_records();
  EXPECT_EQ(stream_body(), text_.substr(5));
  EXPECT_TRUE(ended_);
}

TEST_F(ResponseRecordsTest, HaveNoEndWhenTheBodyBreaksOff) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  write("hello");
  set(gateway::kHeadReady | gateway::kBroken);
  worker_->answer(slot_, 3);
  EXPECT_EQ(finish(), Step::kCut);
  take_records();
  EXPECT_EQ(stream_body(), "hello");
  EXPECT_FALSE(ended_);
}

TEST_F(ResponseRecordsTest, EndEarlyWhenTheWebServerWantsNoMore) {
  begin();
  worker_->head(slot_, "200 OK\r\n", -1);
  write("hello");
  set(gateway::kHeadReady);
  EXPECT_EQ(finish(), Step::kWaitProgress);
  EXPECT_TRUE(sender_->end_early());
  EXPECT_EQ(finish(), Step::kDone);
  take_records();
  EXPECT_EQ(stream_body(), "hello");
  EXPECT_TRUE(ended_);
}

}  // namespace
}  // namespace tierce::edge
