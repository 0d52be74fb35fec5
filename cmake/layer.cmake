# One folder = one target = one layer.
#
#   millrace_layer(<name> [PATH <folder under include/millrace>] [DEPENDS <layers>] [PRIVATE <libraries>]
#                  [HEADER_ONLY <libraries>])
#
# Public headers are include/millrace/<path>/*.hpp (a header set: each is verified to compile alone), sources are
# src/*.cpp. DEPENDS are the layers below, visible to includers; PRIVATE are third-party libraries for the sources, and
# HEADER_ONLY those of them that leave nothing to link: who links an installed millrace does not need them.
# Other projects call the target millrace::<name> (millrace::millrace for all that an application needs).
function(millrace_layer name)
  cmake_parse_arguments(arg "" "PATH" "DEPENDS;PRIVATE;HEADER_ONLY" ${ARGN})
  set(target millrace_${name})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE})
    foreach(library IN LISTS arg_HEADER_ONLY)
      target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:${library}>)
    endforeach()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS
                 BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${headers})
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${target} ${scope} millrace_${dependency})
  endforeach()
  target_compile_features(${target} ${scope} cxx_std_20)
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON EXPORT_NAME ${name})
  add_library(millrace::${name} ALIAS ${target})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_LAYERS ${target})  # lowest first
  # The crash-test library (tests/crash) compiles all of these sources again, with crash points.
  set_property(GLOBAL APPEND PROPERTY MILLRACE_ALL_SOURCES ${sources})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_ALL_INCLUDES
               ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
  set_property(GLOBAL APPEND PROPERTY MILLRACE_ALL_LIBRARIES ${arg_PRIVATE} ${arg_HEADER_ONLY})
endfunction()
