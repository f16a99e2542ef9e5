// Whatever a client says after the preface: events come in their order, nothing grows without bound, and the pieces
// in which the bytes come make no difference.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http2/server_session.h"

namespace tierce::http2 {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// Follows each stream through its life, and answers in one of several ways.
class Witness : public Owner, public BodySource {
 public:
  enum class Answers : std::uint8_t { kNone, kAtOnce, kLate };
  Witness(Answers answers, bool consumes) : answers_(answers), consumes_(consumes) {}

  void on_request(StreamId stream, const HeaderList& head, bool body_follows) override {
    must(streams.emplace(stream, body_follows).second);
    const std::string text = head.as_text();
    for (std::size_t i = 0; i < head.count(); ++i) {
      const auto [name, value] = head[i];
      must(!name.empty() && name.find_first_of(std::string_view("\r\n\0 :", 5)) == std::string_view::npos);
      must(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
      must(name != "connection" && name != "transfer-encoding" && name != "upgrade");
    }
    // Line ends that are not ours would be another request to somebody behind us.
    must(head.path().find_first_of(std::string_view("\r\n\0 ", 4)) == std::string_view::npos);
    must(head.method().find_first_of(std::string_view("\r\n\0 ", 4)) == std::string_view::npos);
    must(text.size() < 40'000);
    log += "request " + std::to_string(stream) + " " + text;
    if (answers_ == Answers::kAtOnce) answer(stream);
  }
  void on_body(StreamId stream, std::string_view data) override {
    must(streams.at(stream) && !data.empty());
    log.append(data);
    if (consumes_) session->consume(stream, data.size());
  }
  void on_body_end(StreamId stream) override {
    must(std::exchange(streams.at(stream), false));
    log += "end of body " + std::to_string(stream);
    if (answers_ == Answers::kLate) answer(stream);
  }
  void on_end(StreamId stream, Ending ending) override {
    must(streams.erase(stream) == 1);
    log += "end " + std::to_string(stream) + std::to_string(static_cast<int>(ending));
  }
  Piece read(StreamId stream, char* into, std::size_t bytes) override {
    must(streams.count(stream) == 1);
    const std::size_t now = std::min<std::size_t>(bytes, 100);
    std::fill_n(into, now, 'x');
    return {now, State::kEnd};
  }

  ServerSession* session = nullptr;
  std::map<StreamId, bool> streams;  // Whether more of its body may come.
  std::string log;

 private:
  void answer(StreamId stream) {
    const HeaderList::Field fields[] = {{"Content-Type", "text/plain"}};
    session->respond(stream, 200, fields, this);
  }
  Answers answers_;
  bool consumes_;
};

// `left`: the client has said that it leaves, and nothing was open: what it sends after that is read or not.
std::string run(std::string_view bytes, std::size_t piece, Witness::Answers answers, bool consumes, bool reads,
                bool* left = nullptr) {
  static constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);
  const Limits limits{.streams_max = 8};
  Witness witness(answers, consumes);
  ServerSession session(witness, limits);
  witness.session = &session;
  std::string output;
  bool open = session.feed(kPreface);
  while (open && !bytes.empty()) {
    const std::string_view now = bytes.substr(0, piece);
    // Memory of its own and of its exact size: a read past the end is seen.
    const auto copy = std::make_unique<char[]>(now.size());
    std::memcpy(copy.get(), now.data(), now.size());
    open = session.feed({copy.get(), now.size()});
    bytes.remove_prefix(now.size());
    must(session.streams() <= limits.streams_max);
    if (!reads) continue;
    output.clear();
    session.take_output(output, 65536);
    must(output.size() < 65536 + 20'000);
  }
  std::string log = witness.log;
  if (left != nullptr) *left = !open && session.why().empty();
  session.begin_shutdown();
  session.finish_shutdown();
  for (int turn = 0; turn < 100 && session.has_output(); ++turn) {
    output.clear();
    session.take_output(output, 65536);
  }
  return log;
}

}  // namespace
}  // namespace tierce::http2

// The first byte picks how the owner behaves and how the pieces are cut; the rest is the client's.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http2;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto answers = static_cast<Witness::Answers>(data[0] % 3);
  const bool consumes = (data[0] & 4) != 0;
  const std::size_t piece = 1 + (data[0] >> 3);
  const std::string whole = run(bytes, bytes.size(), answers, consumes, false);
  bool left = false;
  const std::string parts = run(bytes, piece, answers, consumes, false, &left);
  if (parts != whole && !(left && whole.starts_with(parts))) std::abort();
  run(bytes, piece, answers, consumes, true);
  return 0;
}
