//! Integrity labels: what has none can't be changed by a process of low integrity, whatever the access list says.
//!
//! The label that is put on what such a run may change forbids one thing more than any other program's would (to be executed by
//! a process of still lower integrity). By that it is known when it is taken away.

use std::{fs::File, io, mem, os::windows::io::AsRawHandle, path::Path, ptr};

use windows_sys::Win32::{
    Security::{
        ACL, ACL_REVISION, AddMandatoryAce, CONTAINER_INHERIT_ACE, EqualSid, GetAce, GetKernelObjectSecurity,
        GetSecurityDescriptorSacl, InitializeAcl, InitializeSecurityDescriptor, LABEL_SECURITY_INFORMATION,
        OBJECT_INHERIT_ACE, SECURITY_DESCRIPTOR, SECURITY_MAX_SID_SIZE, SYSTEM_MANDATORY_LABEL_ACE,
        SetKernelObjectSecurity, SetSecurityDescriptorSacl, WinLowLabelSid,
    },
    Storage::FileSystem::{READ_CONTROL, WRITE_OWNER},
};

use super::{acl::open, sid::WellKnown};

/// `SYSTEM_MANDATORY_LABEL_NO_WRITE_UP` and `SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP`.
const OURS: u32 = 1 | 4;
/// `SECURITY_DESCRIPTOR_REVISION`.
const REVISION: u32 = 1;
/// Room for a list with one label.
const LIST_BYTES: usize =
    mem::size_of::<ACL>() + mem::size_of::<SYSTEM_MANDATORY_LABEL_ACE>() + SECURITY_MAX_SID_SIZE as usize;

/// Has processes of low integrity change what lies there, and in a folder what is made in it. What has a label keeps it; what
/// the user may not label stays closed to them, and so do links.
pub fn lower(path: &Path) -> io::Result<()> {
    let Some(file) = labelled(path)? else { return Ok(()) };
    match label(&file)? {
        None => set(&file, true),
        Some(_) => Ok(()),
    }
}

/// Takes away what [`lower`] put there.
pub fn restore(path: &Path) -> io::Result<()> {
    let Some(file) = labelled(path)? else { return Ok(()) };
    match label(&file)? {
        Some(true) => set(&file, false),
        _ => Ok(()),
    }
}

/// What lies there, if it can be labelled.
fn labelled(path: &Path) -> io::Result<Option<File>> {
    match open(path, READ_CONTROL | WRITE_OWNER) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => Ok(None),
        other => other.map(Some),
    }
}

/// Whether the label is [`lower`]'s; `None` where there is none.
fn label(file: &File) -> io::Result<Option<bool>> {
    // Of the alignment that a descriptor needs.
    let mut descriptor =
        [0_usize; (LIST_BYTES + mem::size_of::<SECURITY_DESCRIPTOR>()).div_ceil(mem::size_of::<usize>())];
    let size = u32::try_from(mem::size_of_val(&descriptor)).unwrap_or(0);
    let mut needed = 0;
    let descriptor = descriptor.as_mut_ptr().cast();
    // SAFETY: the memory has the size that is given.
    let done = unsafe {
        GetKernelObjectSecurity(file.as_raw_handle(), LABEL_SECURITY_INFORMATION, descriptor, size, &raw mut needed)
    };
    check(done)?;
    let (mut present, mut defaulted, mut list) = (0, 0, ptr::null_mut());
    // SAFETY: the descriptor was filled, and what is asked for has a place.
    check(unsafe { GetSecurityDescriptorSacl(descriptor, &raw mut present, &raw mut list, &raw mut defaulted) })?;
    // SAFETY: a list that is there is in the descriptor.
    if present == 0 || list.is_null() || unsafe { (*list).AceCount } == 0 {
        return Ok(None);
    }
    let mut entry = ptr::null_mut();
    // SAFETY: the list has an entry.
    check(unsafe { GetAce(list, 0, &raw mut entry) })?;
    let entry: *mut SYSTEM_MANDATORY_LABEL_ACE = entry.cast();
    let low = WellKnown::new(WinLowLabelSid)?;
    // SAFETY: where labels were asked for an entry is a label, whose identity begins at its end.
    let is_ours = unsafe { (*entry).Mask == OURS && EqualSid((&raw mut (*entry).SidStart).cast(), low.as_ptr()) != 0 };
    Ok(Some(is_ours))
}

/// Puts the label there, or none.
fn set(file: &File, low: bool) -> io::Result<()> {
    let mut list = [0_u32; LIST_BYTES.div_ceil(4)];
    let size = u32::try_from(mem::size_of_val(&list)).unwrap_or(0);
    let list: *mut ACL = list.as_mut_ptr().cast();
    // SAFETY: the memory has the size that is given.
    check(unsafe { InitializeAcl(list, size, ACL_REVISION) })?;
    if low {
        let inherited = if file.metadata()?.is_dir() { OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE } else { 0 };
        let identity = WellKnown::new(WinLowLabelSid)?;
        // SAFETY: the list was initialised, with room for this entry; the identity lives until after the call.
        check(unsafe { AddMandatoryAce(list, ACL_REVISION, inherited, OURS, identity.as_ptr()) })?;
    }
    let mut descriptor = SECURITY_DESCRIPTOR::default();
    let descriptor = (&raw mut descriptor).cast();
    // SAFETY: fills a live variable, has it name the list, which lives, and hands it over.
    unsafe {
        check(InitializeSecurityDescriptor(descriptor, REVISION))?;
        check(SetSecurityDescriptorSacl(descriptor, 1, list, 0))?;
        check(SetKernelObjectSecurity(file.as_raw_handle(), LABEL_SECURITY_INFORMATION, descriptor))
    }
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use windows_sys::Win32::Storage::FileSystem::READ_CONTROL;

    use super::{label, lower, open, restore};

    #[test]
    fn a_label_is_put_where_there_is_none_is_inherited_and_is_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let (before, inside) = (root.path().join("before"), root.path().join("inside"));
        fs::write(&before, "").unwrap();
        let of = |path| label(&open(path, READ_CONTROL).unwrap()).unwrap();
        assert_eq!(of(root.path()), None);
        lower(root.path()).unwrap();
        fs::write(&inside, "").unwrap();
        assert_eq!((of(root.path()), of(&before), of(&inside)), (Some(true), None, Some(true)));
        for path in [root.path(), &before, &inside] {
            restore(path).unwrap();
            assert_eq!(of(path), None);
        }
    }
}
