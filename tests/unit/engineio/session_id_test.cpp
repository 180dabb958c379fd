#include "engineio/session_id.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::engineio {
namespace {

TEST(SessionId, NamesItsShardHoweverManyThereAre) {
  SystemRandom random;
  for (std::size_t shard = 0; shard < net::kMostShards; ++shard) {
    const SessionId id = make_session_id(shard, random);

    EXPECT_EQ(shard_named_in(view_of(id)), shard);
    EXPECT_EQ(to_session_id(view_of(id)), id);
  }
}

TEST(SessionId, IsAnotherEachTime) {
  SystemRandom random;

  EXPECT_NE(make_session_id(1, random), make_session_id(1, random));
}

TEST(SessionId, TextOfAnotherFormIsNone) {
  EXPECT_FALSE(shard_named_in("short"));
  EXPECT_FALSE(shard_named_in("~~~~~~~~~~~~~~~~~~~~"));
  EXPECT_FALSE(to_session_id("short"));
  EXPECT_FALSE(to_session_id(std::string(21, 'A')));
}

}  // namespace
}  // namespace togglecast::engineio
