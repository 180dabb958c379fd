#include "service/catalogue/environment_copy.hpp"

#include <string>
#include <utility>

#include "changes/ops.hpp"

namespace togglecast::service {
namespace {

template <typename T>
void copy_table(std::vector<domain::Op>& ops, const domain::Snapshot& from,
                const changes::WriteContext& context) {
  from.table<T>().by_id.for_each([&](domain::Id id, const auto& entity) {
    T copy = *entity;
    ops.push_back(changes::create_op(copy, id, context));
  });
}

}  // namespace

changes::Build build_copy(domain::SnapshotPtr from, bool clients) {
  return [from = std::move(from), clients](changes::WriteContext& context) -> Result<changes::Draft> {
    const domain::Snapshot& to = context.state();
    if (to.revision() != 0)
      return fail(Errc::conflict, "the environment '" + to.environment() +
                                      "' has changes already (it is at revision " +
                                      std::to_string(to.revision()) +
                                      "); a copy needs a new environment, made with POST "
                                      "/api/v1/environments");
    changes::Draft draft;
    copy_table<domain::Platform>(draft.ops, *from, context);
    copy_table<domain::Segment>(draft.ops, *from, context);
    copy_table<domain::Feature>(draft.ops, *from, context);
    copy_table<domain::Package>(draft.ops, *from, context);
    if (clients) copy_table<domain::Client>(draft.ops, *from, context);
    if (!draft.ops.empty()) {
      draft.kind = draft.ops.front().entity;
      draft.id = draft.ops.front().id;
    }
    return draft;
  };
}

}  // namespace togglecast::service
