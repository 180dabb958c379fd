// Builds a value from the events of Boost.JSON's parser, as Boost's own handler does, except for doubles.
// Boost 1.81 sometimes computes a double that is wrong in its last place, and a number that is read must be
// written back as it was. Thread rule: one per text.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace togglecast::json {

/// For `boost::json::basic_parser`, which must be given the whole text at once.
class ValueBuilder {
 public:
  explicit ValueBuilder(bool infinities) noexcept : infinities_(infinities) {}

  using View = boost::json::string_view;
  using Error = boost::json::error_code;

  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  [[nodiscard]] boost::json::value release() { return stack_.release(); }

  bool on_document_begin(Error&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t members, Error&) {
    stack_.push_object(members);
    return true;
  }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t elements, Error&) {
    stack_.push_array(elements);
    return true;
  }
  bool on_key_part(View text, std::size_t, Error&) {
    stack_.push_chars(text);
    return true;
  }
  bool on_key(View text, std::size_t, Error&) {
    stack_.push_key(text);
    return true;
  }
  bool on_string_part(View text, std::size_t, Error&) {
    stack_.push_chars(text);
    return true;
  }
  bool on_string(View text, std::size_t, Error&) {
    stack_.push_string(text);
    return true;
  }
  bool on_number_part(View, Error&) { return true; }
  bool on_int64(std::int64_t number, View, Error&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, View, Error&) {
    stack_.push_uint64(number);
    return true;
  }
  /// A number that is too small becomes zero. One that is too large becomes infinite, or is refused.
  bool on_double(double approximate, View text, Error& error) {
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) number = approximate;
    if (!infinities_ && !std::isfinite(number)) {
      error = boost::json::error::exponent_overflow;
      return false;
    }
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool truth, Error&) {
    stack_.push_bool(truth);
    return true;
  }
  bool on_null(Error&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(View, Error&) { return true; }
  bool on_comment(View, Error&) { return true; }

 private:
  static constexpr std::size_t kRoom = 1024;  // most texts need no more, and then no memory but their values'

  bool infinities_;
  alignas(boost::json::value) unsigned char room_[kRoom];
  boost::json::value_stack stack_{boost::json::storage_ptr(), room_, kRoom};
};

}  // namespace togglecast::json
