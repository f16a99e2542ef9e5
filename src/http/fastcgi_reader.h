// Reads the requests of one FastCGI connection, one after another: BEGIN_REQUEST, the PARAMS stream, the STDIN
// stream, and what a web server may say in between. One request at a time: a second one beside it is answered
// CANT_MPX_CONN, as FCGI_MPXS_CONNS=0 has told it.
//
//   idle --BEGIN--> params --empty PARAMS--> body --empty STDIN--> answering --next_request()--> idle
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/cgi_head.h"
#include "http/fastcgi_record.h"

namespace tierce::http {

// The answers to GET_VALUES; FCGI_MPXS_CONNS is always 0.
struct FastcgiValues {
  std::uint32_t connections_max = 1024;
  std::uint32_t requests_max = 1024;
};

class FastcgiReader {
 public:
  enum class Outcome : std::uint8_t {
    kNeedMore,  // All consumed.
    kHead,      // The variables are complete: head() of the CgiHead is valid for `params`.
    kBody,      // `data` belongs to the body.
    kBodyEnd,   // The body is complete, and with it the request.
    kReply,     // reply() is to be sent as it is.
    kAborted,   // The web server gives the request up; end it.
    kRefused,   // The CgiHead's error() says why; nothing more may be read.
  };
  struct Step {
    Outcome outcome;
    std::size_t consumed;   // Bytes of the input used up by this step.
    std::string_view data;  // kBody: a part of the input.
  };

  // All outlive the reader; `into` and `params`, where the PARAMS stream is put together, are empty.
  FastcgiReader(const VariableLimits& limits, const FastcgiValues& values, CgiHead& into, std::string& params)
      : limits_(&limits), values_(values), into_(&into), params_(&params) {}

  // One step: call again with what is left until kNeedMore, or until there is something to do. May be fed any
  // slicing.
  Step next(std::string_view bytes);

  // A request has begun: id() is its number, which everything sent for it names.
  bool active() const { return state_ != State::kIdle; }
  std::uint16_t id() const { return id_; }
  // The web server keeps the connection for the next request.
  bool keep_connection() const { return keep_connection_; }
  // Bytes to send now; taken by the call.
  std::string take_reply() { return std::exchange(reply_, {}); }
  bool at_boundary() const { return records_.at_boundary() && state_ == State::kIdle; }
  // The request has been answered; `into` and `params` have been emptied.
  void next_request();

 private:
  enum class State : std::uint8_t { kIdle, kParams, kBody, kAnswering, kRefused };

  Outcome refuse(WireError error);
  Outcome take_content(std::string_view data);
  Outcome end_record();
  Outcome begin_request();
  Outcome end_params();
  Outcome end_body();
  Outcome answer_management();
  bool read_params();
  bool belongs_to_request() const { return active() && records_.id() == id_; }

  const VariableLimits* limits_;
  FastcgiValues values_;
  CgiHead* into_;
  std::string* params_;
  RecordDecoder records_;
  State state_ = State::kIdle;
  bool keep_connection_ = false;
  bool first_byte_seen_ = false;
  std::uint16_t id_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::string content_;  // Of a BEGIN_REQUEST or management record, until it is whole.
  std::string reply_;
};

}  // namespace tierce::http
