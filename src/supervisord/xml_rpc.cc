#include "supervisord/xml_rpc.h"

#include <expat.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "base/base64.h"

namespace tierce::supervisord {
namespace {

constexpr std::size_t kDepthMax = 100;  // Of elements; a value in a value takes three or four.

// One open element. Values gather in the element above them.
struct Frame {
  std::string name;
  std::string text;
  std::string member_name;
  std::vector<Value> values;
  Value::Struct members;
  bool typed = false;  // A <value> with a type inside.
};

class Document {
 public:
  Document() : parser_(XML_ParserCreate("UTF-8"), &XML_ParserFree) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &begin, &end);
    XML_SetCharacterDataHandler(parser_.get(), &text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), &doctype);
    frames_.emplace_back();
  }

  Result<Frame> read(std::string_view xml) {
    const auto status = XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), 1);
    if (error_.empty() && status != XML_STATUS_OK) error_ = XML_ErrorString(XML_GetErrorCode(parser_.get()));
    if (!error_.empty())
      return fail(Error(fmt::format("XML-RPC, line {}: {}", XML_GetCurrentLineNumber(parser_.get()), error_)));
    return std::move(frames_.front());
  }

  std::string method;
  bool has_fault = false;
  std::string root;

 private:
  static Document& self(void* data) { return *static_cast<Document*>(data); }
  static void begin(void* data, const XML_Char* name, const XML_Char**) { self(data).on_begin(name); }
  static void end(void* data, const XML_Char*) { self(data).on_end(); }
  static void text(void* data, const XML_Char* bytes, int length) {
    self(data).frames_.back().text.append(bytes, static_cast<std::size_t>(length));
  }
  static void doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    self(data).refuse("a document type is not accepted");
  }

  void refuse(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void on_begin(std::string_view name) {
    if (frames_.size() > kDepthMax) return refuse("nested too deeply");
    if (frames_.size() == 1) root = name;
    if (frames_.back().name == "value") frames_.back().typed = true;
    Frame frame;
    frame.name = name;
    frames_.push_back(std::move(frame));
  }

  void give(Value value) { frames_.back().values.push_back(std::move(value)); }

  void on_end() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    const std::string& name = frame.name;
    if (name == "methodName") {
      method = trim(frame.text);
    } else if (name == "value") {
      if (!frame.typed) return give(Value(std::move(frame.text)));
      if (frame.values.size() != 1) return refuse("a <value> holds one value");
      give(std::move(frame.values.front()));
    } else if (name == "string" || name == "dateTime.iso8601") {
      give(Value(std::move(frame.text)));
    } else if (name == "int" || name == "i4" || name == "i8") {
      give_integer(trim(frame.text));
    } else if (name == "boolean") {
      const std::string word = trim(frame.text);
      if (word != "0" && word != "1") return refuse("a <boolean> is 0 or 1");
      give(Value(word == "1"));
    } else if (name == "double") {
      give_double(trim(frame.text));
    } else if (name == "base64") {
      auto decoded = base64_decode(frame.text);
      if (!decoded) return refuse("<base64> that is none");
      give(Value(std::move(*decoded)));
    } else if (name == "nil") {
      give(Value(""));
    } else if (name == "array") {
      give(Value(std::move(frame.values)));
    } else if (name == "struct") {
      give(Value(std::move(frame.members)));
    } else if (name == "name") {
      frames_.back().member_name = std::move(frame.text);
    } else if (name == "member") {
      if (frame.values.size() != 1) return refuse("a <member> has a name and one value");
      frames_.back().members.emplace_back(std::move(frame.member_name), std::move(frame.values.front()));
    } else if (name == "data" || name == "param" || name == "params" || name == "fault" || name == "methodCall" ||
               name == "methodResponse") {
      has_fault = has_fault || name == "fault";
      for (Value& value : frame.values) give(std::move(value));
    } else {
      refuse(fmt::format("<{}> does not belong here", name));
    }
  }

  void give_integer(const std::string& word) {
    long number = 0;
    const char* begin = word.data() + (word.starts_with('+') ? 1 : 0);
    const auto [stop, error] = std::from_chars(begin, word.data() + word.size(), number);
    if (error != std::errc() || stop != word.data() + word.size()) return refuse("a number that is none");
    give(Value(number));
  }

  void give_double(const std::string& word) {
    double number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(number))
      return refuse("a number that is none");
    give(Value(number));
  }

  static std::string trim(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  }

  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  std::vector<Frame> frames_;
  std::string error_;
};

// Length of the well-formed UTF-8 sequence at the beginning, 0 for none.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) >= 0xa0) return 0;                   // Surrogates.
    if (first == 0xef && at(1) == 0xbf && at(2) >= 0xbe) return 0;  // U+FFFE, U+FFFF.
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) >= 0x90) return 0;
    return 4;
  }
  return 0;
}

void write_text(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '\r') {
      out += "&#13;";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
      out.push_back('?');
    } else {
      out.push_back(c);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void write_value(const Value& value, std::string& out) {
  out += "<value>";
  if (const bool* yes = value.as<bool>()) {
    out += *yes ? "<boolean>1</boolean>" : "<boolean>0</boolean>";
  } else if (const long* number = value.as<long>()) {
    out += fmt::format("<int>{}</int>", *number);
  } else if (const double* real = value.as<double>()) {
    out += fmt::format("<double>{}</double>", *real);
  } else if (const std::string* text = value.as<std::string>()) {
    out += "<string>";
    write_text(*text, out);
    out += "</string>";
  } else if (const Value::Array* array = value.as<Value::Array>()) {
    out += "<array><data>\n";
    for (const Value& item : *array) write_value(item, out);
    out += "</data></array>";
  } else {
    out += "<struct>\n";
    for (const auto& [name, item] : *value.as<Value::Struct>()) {
      out += "<member>\n<name>";
      write_text(name, out);
      out += "</name>\n";
      write_value(item, out);
      out += "</member>\n";
    }
    out += "</struct>";
  }
  out += "</value>\n";
}

}  // namespace

Fault fault(FaultCode code, std::string_view about) {
  static constexpr std::pair<FaultCode, std::string_view> kNames[] = {
      {FaultCode::kUnknownMethod, "UNKNOWN_METHOD"},
      {FaultCode::kIncorrectParameters, "INCORRECT_PARAMETERS"},
      {FaultCode::kBadArguments, "BAD_ARGUMENTS"},
      {FaultCode::kSignatureUnsupported, "SIGNATURE_UNSUPPORTED"},
      {FaultCode::kShutdownState, "SHUTDOWN_STATE"},
      {FaultCode::kBadName, "BAD_NAME"},
      {FaultCode::kBadSignal, "BAD_SIGNAL"},
      {FaultCode::kNoFile, "NO_FILE"},
      {FaultCode::kNotExecutable, "NOT_EXECUTABLE"},
      {FaultCode::kFailed, "FAILED"},
      {FaultCode::kAbnormalTermination, "ABNORMAL_TERMINATION"},
      {FaultCode::kSpawnError, "SPAWN_ERROR"},
      {FaultCode::kAlreadyStarted, "ALREADY_STARTED"},
      {FaultCode::kNotRunning, "NOT_RUNNING"},
      {FaultCode::kSuccess, "SUCCESS"},
      {FaultCode::kAlreadyAdded, "ALREADY_ADDED"},
      {FaultCode::kStillRunning, "STILL_RUNNING"},
      {FaultCode::kCantReread, "CANT_REREAD"},
  };
  std::string text;
  for (const auto& [known, name] : kNames) {
    if (known == code) text = name;
  }
  if (!about.empty()) text.append(": ").append(about);
  return {code, std::move(text)};
}

Result<Call> parse_call(std::string_view xml) {
  Document document;
  auto frame = document.read(xml);
  if (!frame) return fail(std::move(frame).error());
  if (document.root != "methodCall" || document.method.empty() || document.has_fault)
    return fail("XML-RPC: a <methodCall> with a <methodName> is expected");
  return Call{std::move(document.method), std::move(frame->values)};
}

Result<Outcome> parse_response(std::string_view xml) {
  Document document;
  auto frame = document.read(xml);
  if (!frame) return fail(std::move(frame).error());
  if (document.root != "methodResponse" || frame->values.size() != 1)
    return fail("XML-RPC: a <methodResponse> with one value is expected");
  Value& value = frame->values.front();
  if (!document.has_fault) return Outcome(std::move(value));
  const Value* code = value.field("faultCode");
  const Value* text = value.field("faultString");
  if (code == nullptr || text == nullptr || code->as<long>() == nullptr || text->as<std::string>() == nullptr)
    return fail("XML-RPC: a fault without code and text");
  return Outcome(Fault{static_cast<FaultCode>(*code->as<long>()), *text->as<std::string>()});
}

std::string write_response(const Outcome& outcome) {
  std::string out = "<?xml version='1.0'?>\n<methodResponse>\n";
  if (const Value* value = std::get_if<Value>(&outcome)) {
    out += "<params>\n<param>\n";
    write_value(*value, out);
    out += "</param>\n</params>\n";
  } else {
    const Fault& wrong = std::get<Fault>(outcome);
    out += "<fault>\n";
    write_value(Value::Struct{{"faultCode", static_cast<int>(wrong.code)}, {"faultString", wrong.text}}, out);
    out += "</fault>\n";
  }
  return out + "</methodResponse>\n";
}

std::string write_call(const Call& call) {
  std::string out = "<?xml version='1.0'?>\n<methodCall>\n<methodName>";
  write_text(call.method, out);
  out += "</methodName>\n<params>\n";
  for (const Value& parameter : call.parameters) {
    out += "<param>\n";
    write_value(parameter, out);
    out += "</param>\n";
  }
  return out + "</params>\n</methodCall>\n";
}

}  // namespace tierce::supervisord
