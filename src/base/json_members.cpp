#include "base/json_members.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace togglecast::json {
namespace {

// For `boost::json::basic_parser`: the names of the objects that are open.
class MemberWatch {
 public:
  using View = boost::json::string_view;
  using Code = boost::json::error_code;

  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  bool on_document_begin(Code& /*error*/) { return true; }
  bool on_document_end(Code& /*error*/) { return true; }
  bool on_object_begin(Code& /*error*/) {
    open_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t /*members*/, Code& /*error*/) {
    open_.pop_back();
    return true;
  }
  bool on_array_begin(Code& /*error*/) { return true; }
  bool on_array_end(std::size_t /*elements*/, Code& /*error*/) { return true; }
  bool on_key_part(View text, std::size_t /*size*/, Code& /*error*/) {
    name_.append(text.data(), text.size());
    return true;
  }
  bool on_key(View text, std::size_t /*size*/, Code& error) {
    name_.append(text.data(), text.size());
    if (open_.back().insert(name_).second) {
      name_.clear();
      return true;
    }
    error = boost::json::error::exception;  // any: it ends the reading
    return false;
  }
  bool on_string_part(View /*text*/, std::size_t /*size*/, Code& /*error*/) { return true; }
  bool on_string(View /*text*/, std::size_t /*size*/, Code& /*error*/) { return true; }
  bool on_number_part(View /*text*/, Code& /*error*/) { return true; }
  bool on_int64(std::int64_t /*number*/, View /*text*/, Code& /*error*/) { return true; }
  bool on_uint64(std::uint64_t /*number*/, View /*text*/, Code& /*error*/) { return true; }
  bool on_double(double /*number*/, View /*text*/, Code& /*error*/) { return true; }
  bool on_bool(bool /*truth*/, Code& /*error*/) { return true; }
  bool on_null(Code& /*error*/) { return true; }
  bool on_comment_part(View /*text*/, Code& /*error*/) { return true; }
  bool on_comment(View /*text*/, Code& /*error*/) { return true; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string name_;
};

}  // namespace

bool members_are_unique(std::string_view text, std::size_t depth) {
  boost::json::parse_options options;
  options.max_depth = depth;
  options.allow_invalid_utf8 = true;  // only names count here
  boost::json::basic_parser<MemberWatch> parser(options);
  boost::system::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  return !error && read == text.size();
}

}  // namespace togglecast::json
