# Language level, warnings and output folders, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# A larger project decides these for itself.
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  find_program(MILLRACE_CCACHE ccache)
  if(MILLRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MILLRACE_CCACHE})
  endif()
endif()

# Missing fields of option structs take their defaults: that is what they are for.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow=local -Wno-unknown-warning-option -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wno-missing-field-initializers)
if(MILLRACE_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now)

set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=...")
if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  # Sanitizers make g++ see uninitialized variables where there are none; the other presets keep the warning.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
