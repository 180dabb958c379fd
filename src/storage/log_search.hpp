// The walk of `Reader::log_page` over the ops of the log, the newest first: which rows belong to the page,
// and where the page ends. One for every store. Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/reader.hpp"

namespace togglecast::storage {

/// An op and its row, as a store indexes them.
struct SearchedOp {
  domain::Revision revision = 0;
  std::string_view kind;
  domain::Id id = 0;
  std::string_view type;
  std::string_view text;
  std::string_view actor;
  std::string_view source;
};

class LogSearch {
 public:
  /// `query` must outlive it.
  explicit LogSearch(const LogQuery& query) noexcept : query_(query) {}

  /// False when the page ends before this op: then no other one is needed.
  [[nodiscard]] bool take(const SearchedOp& op);
  /// The revisions of the page.
  [[nodiscard]] const std::vector<domain::Revision>& found() const noexcept { return found_; }
  /// `LogPage::next`, unless the rows turn out to have too many bytes.
  [[nodiscard]] domain::Revision next() const noexcept { return next_; }

 private:
  const LogQuery& query_;
  std::vector<domain::Revision> found_;
  domain::Revision at_ = 0;
  domain::Revision next_ = 0;
  std::size_t scanned_ = 0;
};

}  // namespace togglecast::storage
